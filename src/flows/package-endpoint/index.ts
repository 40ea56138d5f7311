export type { ImageVersion } from './choose-for-image.ts'
export { packageEndpointErrors } from './errors.ts'
export type { ImageProgram } from './image-layers.ts'
export {
  type PackageContextOptions,
  type PackageImageOptions,
  type PackedContext,
  type PackedEndpoint,
  type PackedImage,
  packageContext,
  packageImage,
} from './package-endpoint.ts'
export { type PlantSeedOptions, plantSeed } from './plant-seed.ts'
