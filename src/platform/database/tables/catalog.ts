/** Tables of the catalog migration. */
export type CatalogTables = object
