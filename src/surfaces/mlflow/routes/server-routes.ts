import { z } from 'zod'
import { defineRoute, type MlflowRoute } from '../route.ts'

/** What the server can do, for clients that ask first. */
export const serverRoutes: readonly MlflowRoute[] = [
  defineRoute({
    route: 'GET server-info',
    version: '3.0',
    purpose: 'What the server can do',
    input: z.unknown(),
    answer: async ({ multipartUploads = false }) => ({
      store_type: 'SqlStore',
      workspaces_enabled: true,
      trace_archival_enabled: false,
      multipart_uploads_enabled: multipartUploads,
      multipart_downloads_enabled: false,
    }),
  }),
]
