import { z } from 'zod'
import { ROLES } from '../../../assurance/security/index.ts'

const seconds = z.number().int().positive()
const mebibytes = z.number().int().positive().max(1_048_576)

const oidc = z.strictObject({
  issuer: z.url().optional().describe('URL of the OpenID provider; turns the login through it on'),
  clientId: z.string().min(1).optional().describe('how the provider knows this server'),
  clientSecret: z.string().min(1).optional().describe('secret that goes with the client id'),
  scopes: z.string().min(1).default('openid profile email').describe('asked of the provider'),
  nameClaim: z
    .string()
    .min(1)
    .default('preferred_username')
    .describe("claim that holds the user's name"),
  groupsClaim: z.string().min(1).default('groups').describe("claim that lists the user's groups"),
  roles: z
    .array(
      z.strictObject({ group: z.string().min(1), project: z.string().min(1), role: z.enum(ROLES) }),
    )
    .default([])
    .describe('what a group may: [{group, project, role}]; project "*" is all'),
})

const rateLimit = z.strictObject({
  perMinute: z
    .number()
    .int()
    .min(0)
    .default(300_000)
    .describe('requests of one account or address a minute; 0 is no limit'),
})

const s3 = z.strictObject({
  endpoint: z.url().optional().describe('URL of an S3-compatible store; Amazon when absent'),
  region: z
    .string()
    .min(1)
    .optional()
    .describe('region of the store; AWS_REGION or us-east-1 when absent'),
})

const retention = z.strictObject({
  deletedDays: z
    .number()
    .min(0)
    .optional()
    .describe('days after which what was deleted is collected as garbage; never when absent'),
  keepVersions: z
    .number()
    .int()
    .min(1)
    .optional()
    .describe('versions each model keeps beside those in use; all when absent'),
})

const payloadLog = z.strictObject({
  url: z
    .url({ protocol: /^https?$/, error: 'expected http://host or https://host' })
    .optional()
    .describe('where predictions are told as CloudEvents; nowhere when absent'),
  mode: z.enum(['all', 'request', 'response']).default('all').describe('which events are told'),
})

/** Every setting of the server. Flags and variables set scalars; the file may set all. */
export const serverConfigSchema = z.strictObject({
  host: z.string().min(1).default('127.0.0.1').describe('address to listen on'),
  port: z.number().int().min(0).max(65_535).default(8080).describe('port; 0 takes a free one'),
  grpcPort: z
    .number()
    .int()
    .min(0)
    .max(65_535)
    .optional()
    .describe('port where predictions are answered over gRPC; none when absent'),
  workers: z
    .union([z.number().int().min(1).max(256), z.literal('auto')])
    .default(1)
    .describe('processes of `esteira gateway` that answer; auto is one for each core'),
  memoryBudget: mebibytes
    .optional()
    .describe('MiB that the models in memory of each process may take; no limit when absent'),
  dataDir: z.string().min(1).default('.esteira').describe('folder of what the server keeps'),
  databaseUrl: z
    .string()
    .min(1)
    .optional()
    .describe('metadata database; <data-dir>/metadata.db when absent'),
  onlineStore: z
    .url({ protocol: /^rediss?$/, error: 'expected redis://host:port or rediss://host:port' })
    .optional()
    .describe(
      'Redis that keeps online features, redis:// or rediss://; <data-dir>/online.db when absent',
    ),
  defaultArtifactRoot: z
    .string()
    .min(1)
    .default('mlflow-artifacts:/')
    .describe('artifact root given to new experiments'),
  artifactsDestination: z
    .string()
    .min(1)
    .optional()
    .describe(
      'where proxied artifacts are kept: a folder or s3://; <data-dir>/mlartifacts when absent',
    ),
  requireLogin: z.boolean().default(false).describe('ask for a login on this machine too'),
  publicUrl: z
    .url()
    .optional()
    .describe('URL of this server as browsers see it, when a proxy stands before it'),
  trustedProxies: z
    .string()
    .min(1)
    .optional()
    .describe('addresses of proxies whose X-Forwarded-For is believed, with commas between'),
  sessionSeconds: seconds.default(43_200).describe('how long a browser login lasts'),
  maxBodyMebibytes: mebibytes.default(16).describe('largest JSON body'),
  oidc: oidc.prefault({}),
  rateLimit: rateLimit.prefault({}),
  s3: s3.prefault({}),
  payloadLog: payloadLog.prefault({}),
  retention: retention.prefault({}),
})

export type ServerConfig = Readonly<z.output<typeof serverConfigSchema>>
