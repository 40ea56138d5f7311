export {
  type AnswerReading,
  answerNumber,
  answerReading,
  labelNumber,
} from './answers.ts'
export { watchWindow } from './watch-window.ts'
