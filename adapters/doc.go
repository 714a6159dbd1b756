// Package adapters runs what package sql spells in a warehouse: the small
// Driver that each warehouse implements, and the Warehouse that everyone uses.
//
// It knows no vendor, decides nothing about customers, and never keeps a row.
// Start with Warehouse in warehouse.go, then Driver in driver.go for what a
// new warehouse has to do.
package adapters
