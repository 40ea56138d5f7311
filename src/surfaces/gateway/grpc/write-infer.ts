import { type Inference, inferResponse } from '../infer.ts'
import type { OutputTensor } from '../open-inference.ts'
import { encodeRaw } from '../tensors/raw-tensor.ts'
import { CONTENTS_FIELDS } from './messages.ts'

/** An answer as a message, in the form in which the request came: typed contents, or raw bytes. */
export function writeInfer(answer: Inference, { isRaw }: { readonly isRaw: boolean }): object {
  const { outputs, ...response } = inferResponse(answer)
  return {
    ...response,
    parameters: {
      role: { string_param: answer.role },
      ids: { string_param: JSON.stringify(answer.ids) },
    },
    outputs: outputs.map(({ name, datatype, shape, data }) => ({
      name,
      datatype,
      shape,
      ...(isRaw ? {} : { contents: contentsOf({ name, datatype, shape, data }) }),
    })),
    raw_output_contents: isRaw ? outputs.map(encodeRaw) : [],
  }
}

function contentsOf({ datatype, data }: OutputTensor): object {
  const values = datatype === 'BYTES' ? data.map((value) => Buffer.from(String(value))) : data
  return { [CONTENTS_FIELDS[datatype] ?? 'bytes_contents']: values }
}
