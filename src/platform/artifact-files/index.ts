export type {
  ArtifactEntry,
  ArtifactFacts,
  ArtifactFiles,
  ArtifactPage,
  ArtifactReading,
  ByteRange,
  MultipartUploads,
  UploadedPart,
} from './artifact-files.ts'
export { parseArtifactFolder, parseArtifactPath } from './artifact-path.ts'
export { artifactFileErrors } from './errors.ts'
export { type ArtifactFilesOptions, openArtifactFiles } from './open-artifact-files.ts'
