import { Argument } from 'commander'
import { ENVIRONMENTS, type Environment } from '../../core/records/index.ts'

/** The environment a command acts on; commander refuses any other word and names the choices. */
export function environmentArgument(): Argument {
  return new Argument('<environment>', 'where the change happens').choices([...ENVIRONMENTS])
}

/** The environment that `environmentArgument` let through. */
export function environmentOf(value: string | undefined): Environment {
  const environment = ENVIRONMENTS.find((name) => name === value)
  if (environment === undefined) throw new RangeError(`"${value}" is no environment`)
  return environment
}
