import path from 'node:path'
import { Command, Option } from 'commander'
import type { ImageProgram, PackedContext, PackedImage } from '../../../flows/index.ts'
import type { CommandCall, CommandOutcome, CommandSession } from '../command-session.ts'
import { errors } from '../errors.ts'
import { PACKAGE_FOLDER, packageVersion } from '../package-facts.ts'
import { bytesText, countText } from '../presentation/quantities.ts'
import { factsText, tableText } from '../presentation/table.ts'
import { versionOf } from '../version-argument.ts'
import { withPlatform } from '../with-platform.ts'

type Options = Readonly<Record<string, unknown>>

/** `esteira package`: one version as a container image, or as what one is built from. */
export function packageCommand(session: CommandSession): Command {
  const command = new Command('package')
    .description('Write a container image that answers with one version; no Docker is needed.')
    .option(
      '--model-version <which>',
      "number, alias (champion) or environment; the endpoint's stable one when absent",
    )
    .option('--output <file>', 'the image: an OCI layout as one tar file')
    .option('--layout', 'write the layout as a folder instead')
    .option('--tag <name>', 'repository[:tag] of the image; <endpoint>:<version> when absent')
    .addOption(
      new Option(
        '--dockerfile <folder>',
        'write a Dockerfile and what it copies instead',
      ).conflicts(['output', 'layout', 'tag']),
    )
    .option('--base-image <name@sha256:…>', 'what the Dockerfile begins with, by its digest')
  return session.complete(command, async (call, _values, options) => {
    const { dockerfile, output, baseImage } = options
    if (dockerfile === undefined && output === undefined) {
      const reason = 'expected --output <file> or --dockerfile <folder>, got neither'
      throw errors.COMMAND_INVALID({ reason })
    }
    if ((dockerfile === undefined) !== (baseImage === undefined)) {
      const reason = '--dockerfile and --base-image go together'
      throw errors.COMMAND_INVALID({ reason })
    }
    return dockerfile === undefined ? writeImage(call, options) : writeContext(call, options)
  })
}

/** What both forms need, from the command's options and surroundings. */
function requestOf(call: CommandCall, { modelVersion, output, dockerfile }: Options) {
  const { terminal, display } = call
  return {
    version: choiceOf(modelVersion),
    program: imageProgram(),
    release: packageVersion(),
    output: path.resolve(terminal.folder, String(output ?? dockerfile)),
    createdSeconds: createdSeconds(terminal.environment.SOURCE_DATE_EPOCH),
    onProgress: (message: string) =>
      display.listen({ kind: 'note', stage: 'deployment', message, atMs: Date.now() }),
  }
}

function choiceOf(value: unknown): number | string {
  if (value === undefined) return 'endpoint'
  const text = String(value)
  return /^v?\d+$/.test(text) ? versionOf(text) : text
}

/** The instant that reproducible builds agree on: https://reproducible-builds.org/specs/source-date-epoch */
function createdSeconds(text: string | undefined): number {
  if (text === undefined || text === '') return 0
  // Archives have room for eleven octal digits.
  if (/^\d{1,10}$/.test(text) && Number(text) < 8 ** 11) return Number(text)
  const reason = `SOURCE_DATE_EPOCH: expected whole seconds since 1970, got "${text}"`
  throw errors.COMMAND_INVALID({ reason })
}

/** This very program: from source in a clone, from the build where it is installed. */
function imageProgram(): ImageProgram {
  const extension = path.extname(import.meta.filename)
  const modules = extension === '.ts' ? 'src' : 'dist'
  const place = (name: string) => `${modules}/surfaces/cli/${name}${extension}`
  return {
    folder: PACKAGE_FOLDER,
    modules,
    start: place('packaged/start'),
    loaded: ['main', 'run-command-line', 'packaged/start'].map(place),
    running: ['packaged/plant-packed-endpoint', 'commands/gateway'].map(place),
    node: process.execPath,
  }
}

async function writeImage(call: CommandCall, options: Options): Promise<CommandOutcome> {
  const request = requestOf(call, options)
  return withPlatform(call, async (platform) => {
    const { packageImage } = await import('../../../flows/index.ts')
    const image = await packageImage(platform, {
      ...request,
      form: options.layout === true ? 'layout' : 'archive',
      name: options.tag === undefined ? undefined : String(options.tag),
    })
    return { json: { output: request.output, ...image }, text: imageText(image, request.output) }
  })
}

async function writeContext(call: CommandCall, options: Options): Promise<CommandOutcome> {
  const request = requestOf(call, options)
  return withPlatform(call, async (platform) => {
    const { packageContext } = await import('../../../flows/index.ts')
    const baseImage = String(options.baseImage)
    const context = await packageContext(platform, { ...request, baseImage })
    return {
      json: { output: request.output, ...context },
      text: contextText(context, request.output),
    }
  })
}

function versionFacts({
  model,
  version,
  modelDigest,
  views,
  entities,
}: PackedContext | PackedImage) {
  const features =
    views.length === 0
      ? 'none in the image'
      : `${views.join(', ')}: ${countText(entities, 'entity', 'entities')}`
  return [
    ['model', `${model} version ${version}, sha256:${modelDigest}`],
    ['features', features],
  ] as const
}

function imageText(image: PackedImage, output: string): string {
  const facts = factsText([
    ...versionFacts(image),
    ['image', image.name],
    ['digest', image.digest],
    ['output', output],
  ])
  const layers = image.layers.map(({ name, bytes, unpackedBytes, digest }) => [
    name,
    bytesText(bytes),
    bytesText(unpackedBytes),
    digest.slice(0, 'sha256:'.length + 12),
  ])
  return `${facts}\n\n${tableText(['layer', 'packed', 'on disk', 'digest'], layers)}`
}

function contextText(context: PackedContext, output: string): string {
  return factsText([
    ...versionFacts(context),
    ['base', context.baseImage],
    ['output', `${output}: ${context.files.join(', ')}`],
    ['next', `docker build --tag ${context.endpoint}:${context.version} ${output}`],
  ])
}
