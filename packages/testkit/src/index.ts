export { check } from './checker.ts'
export {
  type Evidence,
  History,
  type HistoryRecord,
  type Outcome,
  type Reading,
  type StoredRow,
  type Subscription,
} from './history.ts'
export { seededRandom } from './model.ts'
export type { Property, Violation } from './violation.ts'
