export { watchWindow } from './watch-window.ts'
