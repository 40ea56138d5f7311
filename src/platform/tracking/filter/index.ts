/** How a search is made of a filter, an order and a page token: for stores beside the tracking store. */
export {
  checkMaxResults,
  isAfter,
  orderBy,
  pageOf,
  placeOf,
  type SortTerm,
  sortColumns,
} from '../keyset.ts'
export { type Condition, numberCondition, textCondition } from '../search-conditions.ts'
export { among } from '../sql-lists.ts'
