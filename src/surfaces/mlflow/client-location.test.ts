import { describe, expect, it } from 'vitest'
import { checkArtifactLocation, isWithin, kindOfSource } from './client-location.ts'

const artifactRoots = ['s3://team-bucket/models', '/srv/artifacts']

function locate(location: string) {
  return () => checkArtifactLocation({ artifactRoots }, location)
}

describe('an artifact location that a client sends', () => {
  it.each([
    'mlflow-artifacts:/7',
    'mlflow-artifacts:/team/run 1',
    's3://team-bucket/models',
    's3://team-bucket/models/churn/1',
    '/srv/artifacts/9',
    'file:///srv/artifacts/9',
    's3://team-bucket/models/100%',
  ])('may be %s', (location) => {
    expect(locate(location)).not.toThrow()
  })

  it.each([
    'file:///etc',
    '/etc/passwd',
    'relative/folder',
    'C:\\Windows',
    'http://169.254.169.254/latest/meta-data',
    'http://127.0.0.1:5000/api/2.0/mlflow-artifacts/artifacts',
    'https://example.org/files',
    'ftp://example.org/x',
    's3://other-bucket/models',
    's3://team-bucket/models-of-others',
    's3://team-bucket/models/../secrets',
    's3://team-bucket/models/%2e%2e/secrets',
    's3://team-bucket/models/%252e%252e/secrets',
    's3://team-bucket/models/%2525252525252e./secrets',
    '/srv/artifacts/../../etc',
    'file:/etc',
    'file://metadata/srv/artifacts',
    'mlflow-artifacts://other-host:80/7',
    'mlflow-artifacts:/../../etc',
    'mlflow-artifacts:/7/..%2f..%2fetc',
    'mlflow-artifacts:/7%00',
    'mlflow-artifacts:/7\n8',
    'mlflow-artifacts:/7\\..\\8',
    'mlflow-artifacts:/7?x=1',
    'mlflow-artifacts:/7#x',
    'mlflow-artifacts',
    'dbfs:/x',
    'models:/m-1',
    `mlflow-artifacts:/${'x'.repeat(3_000)}`,
    '',
  ])('may not be %s', (location) => {
    expect(locate(location)).toThrow(expect.objectContaining({ code: 'MLFLOW_LOCATION_REFUSED' }))
  })
})

describe("a model version's source", () => {
  it.each([
    ['models:/m-0123', 'logged-model'],
    ['models:/churn/3', 'registered-model'],
    ['models:/churn@champion', 'registered-model'],
    ['runs:/abc/model', 'run'],
    ['mlflow-artifacts:/1/abc/artifacts/model', 'files'],
    ['s3://elsewhere/x', 'files'],
  ])('%s names a %s', (source, kind) => {
    expect(kindOfSource(source)).toBe(kind)
  })

  it.each([
    'models://host/m-1',
    'runs://host/abc/model',
    'runs:/abc/../../etc',
    'runs:/a%2F..%2Fb',
  ])('%s is refused', (source) => {
    expect(() => kindOfSource(source)).toThrow(
      expect.objectContaining({ code: 'MLFLOW_LOCATION_REFUSED' }),
    )
  })
})

it('lies within a folder only by whole names', () => {
  expect(isWithin('/a/b/c', '/a/b')).toBe(true)
  expect(isWithin('/a/bc', '/a/b')).toBe(false)
  expect(isWithin('file:///a/b/c', '/a/b/')).toBe(true)
  expect(isWithin('s3://a/b', 's3://a')).toBe(true)
  expect(isWithin('s3://ab', 's3://a')).toBe(false)
})
