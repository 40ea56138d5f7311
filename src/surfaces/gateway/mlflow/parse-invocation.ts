import type { InferRequest, WireTensor } from '../open-inference.ts'
import { fieldsOf, invalid, type ParseOptions } from '../parse-request.ts'
import { parseCsv } from '../rows/parse-csv.ts'
import {
  namedColumns,
  tensorsOfColumns,
  tensorsOfRecords,
  tensorsOfRows,
  tensorsOfTable,
} from '../rows/read-rows.ts'
import { rowsRequest } from '../rows/rows-request.ts'

type Reader = (value: unknown, where: string) => readonly WireTensor[]

const FORMS: Readonly<Record<string, Reader>> = {
  dataframe_split: tensorsOfTable,
  dataframe_records: tensorsOfRecords,
  instances: tensorsOfRows,
  inputs: tensorsOfColumns,
}
const FIELDS = [...Object.keys(FORMS), 'params']

/**
 * Reads a request of MLflow's scoring protocol: one of its four forms, or a CSV table as text.
 * @throws BODY_INVALID, FIELD_UNKNOWN, REQUEST_TIME_REFUSED
 */
export function parseInvocation(body: unknown, options: ParseOptions): InferRequest {
  if (typeof body === 'string') return csvRequest(body, options)
  const fields = fieldsOf(body, 'the body', FIELDS)
  const given = Object.keys(FORMS).filter((form) => fields[form] !== undefined)
  const [form = '', other] = given
  const read = FORMS[form]
  if (read === undefined || other !== undefined) {
    const expected = `exactly one of ${Object.keys(FORMS).join(', ')}`
    throw invalid('the body', expected, given.length === 0 ? undefined : given.join(', '))
  }
  const parameters = { parameters: fields.params, where: 'params' }
  return rowsRequest(read(fields[form], form), parameters, options)
}

function csvRequest(text: string, options: ParseOptions): InferRequest {
  const [header = [], ...rows] = parseCsv(text)
  const names = header.map((name) => name ?? '')
  if (rows.length === 0) throw invalid('the CSV', 'a header and at least one row', undefined)
  const inputs = namedColumns(names, rows, { where: 'rows', datatype: 'CSV' })
  return rowsRequest(inputs, { parameters: undefined, where: 'params' }, options)
}
