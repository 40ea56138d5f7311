import { z } from 'zod'
import type { Operations } from '../operation.ts'
import { fieldsQuery, nameSchema, pageOf, searchQuery } from '../schemas/paging.ts'
import {
  aliasNameSchema,
  descriptionChangeSchema,
  modelSchema,
  newModelSchema,
  newVersionSchema,
  reasonSchema,
  versionSchema,
} from '../schemas/registry.ts'

const model = z.object({ model: nameSchema })
const version = model.extend({ version: z.coerce.number().int().min(1) })
const alias = model.extend({ alias: aliasNameSchema })

export const REGISTRY_OPERATIONS = {
  'models.list': {
    method: 'GET',
    path: '/models',
    summary: 'Registered models',
    permission: 'models:read',
    query: searchQuery,
    response: pageOf(modelSchema),
  },
  'models.create': {
    method: 'POST',
    path: '/models',
    summary: 'Register a model by name',
    permission: 'models:write',
    body: newModelSchema,
    response: modelSchema,
    idempotent: true,
    tagged: true,
  },
  'models.get': {
    method: 'GET',
    path: '/models/{model}',
    summary: 'One registered model',
    permission: 'models:read',
    params: model,
    query: fieldsQuery,
    response: modelSchema,
    tagged: true,
  },
  'models.update': {
    method: 'PATCH',
    path: '/models/{model}',
    summary: 'Describe a model',
    permission: 'models:write',
    params: model,
    body: descriptionChangeSchema,
    response: modelSchema,
    tagged: true,
  },
  'models.delete': {
    method: 'DELETE',
    path: '/models/{model}',
    summary: 'Delete a model that stands nowhere',
    permission: 'models:write',
    params: model,
  },
  'versions.list': {
    method: 'GET',
    path: '/models/{model}/versions',
    summary: 'Versions of a model, newest first',
    permission: 'models:read',
    params: model,
    query: searchQuery,
    response: pageOf(versionSchema),
  },
  'versions.create': {
    method: 'POST',
    path: '/models/{model}/versions',
    summary: 'Register a version from a logged model or from a path of a run',
    permission: 'models:write',
    params: model,
    body: newVersionSchema,
    response: versionSchema,
    idempotent: true,
    tagged: true,
  },
  'versions.get': {
    method: 'GET',
    path: '/models/{model}/versions/{version}',
    summary: 'One version',
    permission: 'models:read',
    params: version,
    query: fieldsQuery,
    response: versionSchema,
    tagged: true,
  },
  'versions.update': {
    method: 'PATCH',
    path: '/models/{model}/versions/{version}',
    summary: 'Describe a version',
    permission: 'models:write',
    params: version,
    body: descriptionChangeSchema,
    response: versionSchema,
    tagged: true,
  },
  'versions.delete': {
    method: 'DELETE',
    path: '/models/{model}/versions/{version}',
    summary: 'Delete a version that stands nowhere',
    permission: 'models:write',
    params: version,
  },
  'aliases.set': {
    method: 'PUT',
    path: '/models/{model}/aliases/{alias}',
    summary: 'Let an alias name a version',
    permission: 'models:promote',
    params: alias,
    body: z.strictObject({
      version: z.number().int().min(1),
      reason: reasonSchema.optional(),
    }),
  },
  'aliases.delete': {
    method: 'DELETE',
    path: '/models/{model}/aliases/{alias}',
    summary: 'Drop an alias; its history stays',
    permission: 'models:promote',
    params: alias,
  },
} as const satisfies Operations
