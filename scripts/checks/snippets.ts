import path from 'node:path'
import ts from 'typescript'
import { type CodeBlock, codeBlocks } from './markdown.ts'
import { ROOT } from './repository.ts'

function compilerOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(path.join(ROOT, 'tsconfig.json'), ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT)
  // A snippet shows one thing; what it declares need not be used in it.
  return { ...options, noUnusedLocals: false, noUnusedParameters: false }
}

function faultText(diagnostic: ts.Diagnostic, block: CodeBlock): string {
  const { line } = diagnostic.file?.getLineAndCharacterOfPosition(diagnostic.start ?? 0) ?? {
    line: 0,
  }
  const message = ts.flattenDiagnosticMessageText(diagnostic.messageText, ' ')
  return `${block.file}:${block.line + line}: ${message}`
}

/** Type-checks every `ts` block of the files, as if it stood beside package.json. */
export function checkSnippets(files: readonly string[]): { count: number; faults: string[] } {
  const blocks = files.flatMap(codeBlocks).filter((block) => block.language === 'ts')
  const texts = new Map(
    blocks.map((block, index) => [path.join(ROOT, `snippet-${index}.ts`), block] as const),
  )
  const options = compilerOptions()
  const host = ts.createCompilerHost(options)
  const { getSourceFile, fileExists, readFile } = host
  host.fileExists = (file) => texts.has(file) || fileExists(file)
  host.readFile = (file) => texts.get(file)?.code ?? readFile(file)
  host.getSourceFile = (file, ...rest) => {
    const block = texts.get(file)
    // Without an import or export a block would be a script, sharing its names with the others.
    if (block !== undefined) {
      return ts.createSourceFile(file, `${block.code}\nexport {}\n`, ts.ScriptTarget.Latest, true)
    }
    return getSourceFile.call(host, file, ...rest)
  }
  const program = ts.createProgram([...texts.keys()], options, host)
  const faults = [...texts].flatMap(([file, block]) => {
    const source = program.getSourceFile(file)
    const found = [
      ...program.getSyntacticDiagnostics(source),
      ...program.getSemanticDiagnostics(source),
    ]
    return found.map((diagnostic) => faultText(diagnostic, block))
  })
  return { count: blocks.length, faults }
}
