package lineage

import "time"

// The schemas that events and facets say they are of.
const (
	producer       = "https://github.com/customhouse-cdp/customhouse"
	eventSchema    = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
	facetSchemas   = "https://openlineage.io/spec/facets/"
	schemaFacet    = facetSchemas + "1-1-1/SchemaDatasetFacet.json#/$defs/SchemaDatasetFacet"
	columnsFacet   = facetSchemas + "1-2-0/ColumnLineageDatasetFacet.json#/$defs/ColumnLineageDatasetFacet"
	parentFacet    = facetSchemas + "1-1-0/ParentRunFacet.json#/$defs/ParentRunFacet"
	errorFacet     = facetSchemas + "1-0-1/ErrorMessageRunFacet.json#/$defs/ErrorMessageRunFacet"
	nominalFacet   = facetSchemas + "1-0-1/NominalTimeRunFacet.json#/$defs/NominalTimeRunFacet"
	jobTypeFacet   = facetSchemas + "2-0-3/JobTypeJobFacet.json#/$defs/JobTypeJobFacet"
	statisticFacet = facetSchemas + "1-0-2/OutputStatisticsOutputDatasetFacet.json#/$defs/OutputStatisticsOutputDatasetFacet"
)

// The types of events.
const (
	start    = "START"
	complete = "COMPLETE"
	failed   = "FAIL"
	abort    = "ABORT"
)

// Event is a RunEvent of OpenLineage.
type Event struct {
	Type      string    `json:"eventType"`
	Time      time.Time `json:"eventTime"`
	Run       runOf     `json:"run"`
	Job       jobOf     `json:"job"`
	Inputs    []Dataset `json:"inputs"`
	Outputs   []Dataset `json:"outputs"`
	Producer  string    `json:"producer"`
	SchemaURL string    `json:"schemaURL"`
}

type runOf struct {
	ID     string         `json:"runId"`
	Facets map[string]any `json:"facets,omitempty"`
}

type jobOf struct {
	Namespace string         `json:"namespace"`
	Name      string         `json:"name"`
	Facets    map[string]any `json:"facets,omitempty"`
}

// Dataset is a table, a file, or an object of a destination.
type Dataset struct {
	Namespace    string         `json:"namespace"`
	Name         string         `json:"name"`
	Facets       map[string]any `json:"facets,omitempty"`
	OutputFacets map[string]any `json:"outputFacets,omitempty"`
}

// base is what every facet begins with.
type base struct {
	Producer  string `json:"_producer"`
	SchemaURL string `json:"_schemaURL"`
}

func of(schema string) base { return base{producer, schema} }

type schemaOf struct {
	base
	Fields []field `json:"fields"`
}

type field struct {
	Name string `json:"name"`
	Type string `json:"type,omitempty"`
}

type columnsOf struct {
	base
	Fields map[string]inputFields `json:"fields"`
}

type inputFields struct {
	Fields []inputField `json:"inputFields"`
}

type inputField struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Field     string `json:"field"`
}

type parentOf struct {
	base
	Run parentRun `json:"run"`
	Job jobOf     `json:"job"`
}

type parentRun struct {
	ID string `json:"runId"`
}

type errorOf struct {
	base
	Message  string `json:"message"`
	Language string `json:"programmingLanguage"`
}

type nominalOf struct {
	base
	Start time.Time `json:"nominalStartTime"`
}

type typeOf struct {
	base
	Processing  string `json:"processingType"`
	Integration string `json:"integration"`
	Type        string `json:"jobType"`
}

type statisticsOf struct {
	base
	Rows int64 `json:"rowCount"`
}
