package sql

// DuckReserved is for the test that compares it with the engine.
var DuckReserved = duckReserved
