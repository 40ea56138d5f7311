import { pythonFolder } from './python-folder.ts'

const PASSED_ON = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'LD_LIBRARY_PATH'] as const

/** One thread everywhere: the same request then sums in the same order and gives the same bits. */
const ONE_THREAD = {
  OMP_NUM_THREADS: '1',
  OPENBLAS_NUM_THREADS: '1',
  MKL_NUM_THREADS: '1',
  VECLIB_MAXIMUM_THREADS: '1',
  NUMEXPR_NUM_THREADS: '1',
} as const

/** What a worker sees of the environment: no secret of the host's passes. */
export function workerEnvironment(
  host: Readonly<Record<string, string | undefined>> = process.env,
): Record<string, string> {
  const passed: Record<string, string> = {}
  for (const name of PASSED_ON) {
    const value = host[name]
    if (value !== undefined) passed[name] = value
  }
  return {
    ...passed,
    ...ONE_THREAD,
    PYTHONPATH: pythonFolder,
    PYTHONHASHSEED: '0',
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONUNBUFFERED: '1',
    PYTHONIOENCODING: 'utf-8',
    PYTHONNOUSERSITE: '1',
  }
}
