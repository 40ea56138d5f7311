/** The house's floors as rules on imports; `docs/architecture.md` says why. */
const FLOORS = ['core', 'platform', 'assurance', 'stages', 'flows', 'surfaces', 'testkit']

const STAGES = [
  'problem',
  'collection',
  'preparation',
  'features',
  'selection',
  'training',
  'evaluation',
  'gate',
  'tuning',
  'registry',
  'serving',
  'deployment',
  'monitoring',
  'retraining',
]

/** Floors whose folders are modules with front doors of their own; the others are one module. */
const FLOORS_OF_MODULES = ['core', 'platform', 'assurance', 'stages', 'surfaces']
const MODULE = `^src/(${FLOORS_OF_MODULES.join('|')})/([^/]+)/`
const TEST = '\\.test\\.ts$'

const floorRules = FLOORS.slice(0, -1).map((floor, index) => ({
  name: `floor-${floor}`,
  comment: `${floor} imports only its own floor and the floors before it`,
  severity: 'error',
  from: { path: `^src/${floor}/`, pathNot: TEST },
  to: { path: `^src/(${FLOORS.slice(index + 1).join('|')})/` },
}))

const stageRules = STAGES.slice(0, -1).map((stage, index) => ({
  name: `stage-${stage}`,
  comment: `${stage} imports only stages before it`,
  severity: 'error',
  from: { path: `^src/stages/${stage}/`, pathNot: TEST },
  to: { path: `^src/stages/(${STAGES.slice(index + 1).join('|')})/` },
}))

export default {
  forbidden: [
    {
      name: 'no-cycle',
      comment: 'no import cycles, type imports included',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    ...floorRules,
    ...stageRules,
    {
      name: 'front-door',
      comment: 'another module is entered through its index.ts',
      severity: 'error',
      from: { path: MODULE },
      to: {
        path: '^src/[^/]+/[^/]+/',
        pathNot: ['^src/$1/$2/', '/index\\.ts$', '^src/flows/[^/]+\\.ts$'],
      },
    },
    {
      name: 'front-door-from-floor',
      comment: 'a floor without modules enters modules through their index.ts',
      severity: 'error',
      from: { path: '^src/(flows|testkit)/' },
      to: { path: '^src/[^/]+/[^/]+/', pathNot: ['^src/$1/', '/index\\.ts$'] },
    },
    {
      name: 'front-door-of-flows',
      comment: 'flows and testkit are entered through their index.ts',
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: {
        path: '^src/(flows|testkit)/',
        pathNot: ['^src/$1/', '^src/(flows|testkit)/index\\.ts$'],
      },
    },
    {
      name: 'own-front-door',
      comment: 'nothing inside a module imports its own index.ts',
      severity: 'error',
      from: { path: MODULE, pathNot: TEST },
      to: { path: '^src/$1/$2/index\\.ts$' },
    },
    {
      name: 'source-alone',
      comment: 'src imports nothing from tests, scripts, benchmarks and examples',
      severity: 'error',
      from: { path: '^src/', pathNot: TEST },
      to: { path: '^(test|scripts|bench|examples)/' },
    },
    {
      name: 'no-test-import',
      comment: 'nothing imports a test file',
      severity: 'error',
      from: {},
      to: { path: TEST },
    },
    {
      name: 'resolvable',
      comment: 'every import leads somewhere',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'declared-dependency',
      comment: 'what runs at the user’s needs a dependency, not a devDependency',
      severity: 'error',
      from: { path: '^src/', pathNot: [TEST, '^src/testkit/'] },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    moduleSystems: ['es6'],
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
      extensions: ['.ts', '.mjs', '.js', '.json', '.d.ts'],
    },
  },
}
