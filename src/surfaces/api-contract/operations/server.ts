import { z } from 'zod'
import type { Operations } from '../operation.ts'
import { principalSchema } from '../schemas/access.ts'
import { listOf, timeMsSchema } from '../schemas/paging.ts'

export const SERVER_OPERATIONS = {
  'server.get': {
    method: 'GET',
    path: '/server',
    summary: 'What this server is',
    permission: 'anyone',
    response: z.object({
      version: z.string(),
      database: z.enum(['sqlite', 'postgres']),
      startedAtMs: timeMsSchema,
    }),
  },
  'server.me': {
    method: 'GET',
    path: '/me',
    summary: 'Who the caller is, and what it may see',
    permission: 'anyone',
    response: principalSchema,
  },
  'projects.list': {
    method: 'GET',
    path: '/projects',
    summary: 'Projects that the caller may see, with what they hold',
    permission: 'anyone',
    response: listOf(
      z.object({
        name: z.string(),
        experiments: z.number().int(),
        models: z.number().int(),
        records: z.number().int(),
      }),
    ),
  },
} as const satisfies Operations
