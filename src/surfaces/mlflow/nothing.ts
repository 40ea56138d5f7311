/** The answer `{}` of calls that have nothing to tell. */
export const NOTHING: object = Object.freeze({})
