export { renderModelCard } from './model-card.ts'
export type { ModelCardFacts } from './model-card-facts.ts'
