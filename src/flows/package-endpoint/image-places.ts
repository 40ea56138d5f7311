/** Where things stand in an image. */
export const PLACES = {
  node: '/usr/local/bin/node',
  /** This package and what it needs. */
  code: '/app',
  /** The packed endpoint. */
  endpoint: '/srv/endpoint',
  /** The only folders that are written to. */
  data: '/data',
  temporary: '/tmp',
} as const

/** Nobody's account: no name, no home and no shell of any system that is usual. */
export const USER_ID = 65_532

export const PORT = 8080
