export { canonicalJson } from './canonical-json.ts'
export { contentId, type Digest, digestOfBytes, digestOfFile, digestOfValue } from './digest.ts'
