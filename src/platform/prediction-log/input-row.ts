import type { PredictionEntry } from '../../core/records/index.ts'

type Cell = PredictionEntry['inputs'][string]

/**
 * A prediction's inputs as who answers many has them: the names once for all rows, the values of one.
 * An object by name would cost each answer several times as much to make and to write.
 */
export class InputRow {
  readonly names: readonly string[]
  readonly cells: readonly Cell[]

  /**
   * @param names the same array for all rows of a model; each name once
   * @param cells in the names' order
   */
  constructor(names: readonly string[], cells: readonly Cell[]) {
    this.names = names
    this.cells = cells
  }

  /** The JSON that `JSON.stringify` gives for the same inputs by name. */
  toText(): string {
    const keys = keysOf(this.names)
    let text = '{'
    for (let at = 0; at < keys.length; at++) text += keys[at] + textOf(this.cells[at])
    return `${text}}`
  }
}

const known = new WeakMap<readonly string[], readonly string[]>()

/** `"name":` of each name, with a comma before all but the first. */
function keysOf(names: readonly string[]): readonly string[] {
  let keys = known.get(names)
  if (keys === undefined) {
    keys = names.map((name, at) => `${at === 0 ? '' : ','}${JSON.stringify(name)}:`)
    known.set(names, keys)
  }
  return keys
}

function textOf(cell: Cell | undefined): string {
  if (typeof cell === 'number') return Number.isFinite(cell) ? String(cell) : 'null'
  return cell === null || cell === undefined ? 'null' : JSON.stringify(cell)
}
