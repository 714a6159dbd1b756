package main

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"strconv"
	"time"
)

// The routes about datasets and tables.

type wireDatasetResource struct {
	Reference  wireDataset        `json:"datasetReference"`
	Location   string             `json:"location"`
	Labels     map[string]*string `json:"labels"`
	About      *string            `json:"description"`
	Expiration *json.Number       `json:"defaultTableExpirationMs"`
}

func (d *Dataset) resource() map[string]any {
	out := map[string]any{
		"kind": "bigquery#dataset", "id": d.Project + ":" + d.Name, "etag": "etag", "datasetReference": wireDataset{d.Project, d.Name},
		"location": d.Location, "labels": d.Labels, "description": d.Description, "creationTime": millis(d.Created), "lastModifiedTime": millis(d.Created),
	}
	if d.Expiration > 0 {
		out["defaultTableExpirationMs"] = strconv.FormatInt(d.Expiration, 10)
	}
	return out
}

// merge applies labels, of which null takes one away.
func merge(labels map[string]string, change map[string]*string) map[string]string {
	out := maps.Clone(labels)
	if out == nil {
		out = map[string]string{}
	}
	for k, v := range change {
		if v == nil {
			delete(out, k)
		} else {
			out[k] = *v
		}
	}
	return out
}

func (s *Server) listDatasets(r *http.Request) (any, error) {
	out := []any{}
	for _, d := range s.catalog.list(r.PathValue("project")) {
		out = append(out, d.resource())
	}
	return map[string]any{"kind": "bigquery#datasetList", "datasets": out}, nil
}

func (s *Server) insertDataset(r *http.Request) (any, error) {
	in, err := body[wireDatasetResource](r)
	if err != nil {
		return nil, err
	}
	d := &Dataset{Project: r.PathValue("project"), Name: in.Reference.DatasetID, Location: in.Location, Labels: merge(nil, in.Labels)}
	if in.About != nil {
		d.Description = *in.About
	}
	if in.Expiration != nil {
		d.Expiration, _ = in.Expiration.Int64()
	}
	if d.Location == "" {
		d.Location = "US"
	}
	if err := s.catalog.create(d); err != nil {
		return nil, err
	}
	return d.resource(), nil
}

func (s *Server) getDataset(r *http.Request) (any, error) {
	d, err := s.catalog.dataset(r.PathValue("project"), r.PathValue("dataset"))
	if err != nil {
		return nil, err
	}
	return d.resource(), nil
}

func (s *Server) patchDataset(r *http.Request) (any, error) {
	in, err := body[wireDatasetResource](r)
	if err != nil {
		return nil, err
	}
	s.catalog.mu.Lock()
	defer s.catalog.mu.Unlock()
	d, err := s.catalog.datasetLocked(r.PathValue("project"), r.PathValue("dataset"))
	if err != nil {
		return nil, err
	}
	d.Labels = merge(d.Labels, in.Labels)
	if in.About != nil {
		d.Description = *in.About
	}
	if in.Expiration != nil {
		d.Expiration, _ = in.Expiration.Int64()
	}
	return d.resource(), nil
}

func (s *Server) deleteDataset(r *http.Request) (any, error) {
	defer s.store.tidy()
	return nil, s.catalog.remove(r.PathValue("project"), r.PathValue("dataset"), r.URL.Query().Get("deleteContents") == "true")
}

type wireTableResource struct {
	Reference        wireTable          `json:"tableReference"`
	Schema           *wireSchema        `json:"schema"`
	TimePartitioning *wirePartition     `json:"timePartitioning"`
	RangePart        map[string]any     `json:"rangePartitioning"`
	Labels           map[string]*string `json:"labels"`
	About            *string            `json:"description"`
	Friendly         *string            `json:"friendlyName"`
	Expiration       *json.Number       `json:"expirationTime"`
	Clustering       *struct {
		Fields []string `json:"fields"`
	} `json:"clustering"`
	View *struct {
		Query string `json:"query"`
	} `json:"view"`
}

// resource is a table as tables.get gives it.
func (s *Server) resource(ctx context.Context, t *Table) (map[string]any, error) {
	out := map[string]any{
		"kind": "bigquery#table", "id": t.colon(), "etag": "etag", "tableReference": t.wire(), "schema": schemaOf(t.Columns), "type": "TABLE",
		"labels": t.Labels, "description": t.Description, "friendlyName": t.Friendly, "creationTime": millis(t.Created),
		"lastModifiedTime": strconv.FormatInt(t.Modified.UnixMilli(), 10), "location": "US",
	}
	if t.Partition != nil {
		out["timePartitioning"] = t.Partition
	}
	if t.RangePart != nil {
		out["rangePartitioning"] = t.RangePart
	}
	if len(t.Cluster) > 0 {
		out["clustering"] = map[string]any{"fields": t.Cluster}
	}
	if !t.Expires.IsZero() {
		out["expirationTime"] = millis(t.Expires)
	}
	if len(t.Key) > 0 {
		out["tableConstraints"] = map[string]any{"primaryKey": map[string]any{"columns": t.Key}}
	}
	if t.View != "" {
		out["type"], out["view"] = "VIEW", map[string]any{"query": t.View, "useLegacySql": false}
		return out, nil
	}
	var rows, bytes int64
	if t.Engine != "" {
		s.store.busy.RLock()
		defer s.store.busy.RUnlock()
		c, err := s.store.db.Conn(ctx)
		if err != nil {
			return nil, failure(ctx, err)
		}
		defer func() { _ = c.Close() }()
		if err := c.QueryRowContext(ctx, "SELECT count(*) FROM "+t.Engine).Scan(&rows); err != nil {
			return nil, failure(ctx, err)
		}
		if bytes, err = s.store.size(ctx, c, []read{{t, t.Columns}}); err != nil {
			return nil, failure(ctx, err)
		}
	}
	out["numRows"], out["numBytes"] = strconv.FormatInt(rows, 10), strconv.FormatInt(bytes, 10)
	return out, nil
}

func pathName(r *http.Request) Name {
	return Name{r.PathValue("project"), r.PathValue("dataset"), r.PathValue("table")}
}

func (s *Server) listTables(r *http.Request) (any, error) {
	tables, err := s.catalog.tables(r.PathValue("project"), r.PathValue("dataset"))
	if err != nil {
		return nil, err
	}
	from, most := number(r, "pageToken", 0), number(r, "maxResults", 50)
	out := map[string]any{"kind": "bigquery#tableList", "totalItems": len(tables)}
	list := []any{}
	for i := from; i < len(tables) && len(list) < most; i++ {
		t := tables[i]
		kind := "TABLE"
		if t.View != "" {
			kind = "VIEW"
		}
		list = append(list, map[string]any{"kind": "bigquery#table", "id": t.colon(), "tableReference": t.wire(), "type": kind, "labels": t.Labels, "creationTime": millis(t.Created)})
	}
	if from+len(list) < len(tables) {
		out["nextPageToken"] = strconv.Itoa(from + len(list))
	}
	out["tables"] = list
	return out, nil
}

func (s *Server) insertTable(r *http.Request) (any, error) {
	in, err := body[wireTableResource](r)
	if err != nil {
		return nil, err
	}
	t := &Table{Name: Name{r.PathValue("project"), r.PathValue("dataset"), in.Reference.TableID}, Labels: map[string]string{}}
	checkTableName(t.Table)
	if in.View != nil {
		return nil, &Error{Reason: "notImplemented", Message: "emulator: views by tables.insert; CREATE VIEW is there"}
	}
	if in.Schema != nil {
		if t.Columns, err = in.Schema.columns(); err != nil {
			return nil, err
		}
	}
	checkColumns(t.Columns)
	if err := in.apply(t); err != nil {
		return nil, err
	}
	checkClustering(t)
	if _, err := s.catalog.dataset(t.Project, t.Dataset); err != nil {
		return nil, err
	}
	if !s.only {
		t.Engine = s.store.name()
		c, err := s.store.db.Conn(r.Context())
		if err != nil {
			return nil, failure(r.Context(), err)
		}
		defer func() { _ = c.Close() }()
		if err := s.store.create(r.Context(), c, t); err != nil {
			return nil, failure(r.Context(), err)
		}
	}
	if err := s.catalog.put(t, false); err != nil {
		s.store.drop(t.Engine)
		return nil, err
	}
	return s.resource(r.Context(), t)
}

// apply takes over what a resource says of a table.
func (in *wireTableResource) apply(t *Table) error {
	t.Labels = merge(t.Labels, in.Labels)
	if in.TimePartitioning != nil {
		t.Partition = in.TimePartitioning
	}
	if in.RangePart != nil {
		t.RangePart = in.RangePart
	}
	if in.Clustering != nil {
		t.Cluster = in.Clustering.Fields
	}
	if in.About != nil {
		t.Description = *in.About
	}
	if in.Friendly != nil {
		t.Friendly = *in.Friendly
	}
	if in.Expiration != nil {
		ms, err := in.Expiration.Int64()
		if err != nil {
			return &Error{Reason: "invalid", Message: "Invalid value for expirationTime"}
		}
		t.Expires = time.UnixMilli(ms)
	}
	return nil
}

func (s *Server) getTable(r *http.Request) (any, error) {
	t, err := s.catalog.table(pathName(r))
	if err != nil {
		return nil, notThere(err, pathName(r))
	}
	return s.resource(r.Context(), t)
}

// notThere is what the routes about tables say, who know of no location.
func notThere(err error, n Name) error {
	e := asError(err)
	if e.Reason != "notFound" {
		return err
	}
	return &Error{Reason: "notFound", Message: "Not found: Table " + n.colon()}
}

func (s *Server) patchTable(r *http.Request) (any, error) {
	in, err := body[wireTableResource](r)
	if err != nil {
		return nil, err
	}
	was, err := s.catalog.table(pathName(r))
	if err != nil {
		return nil, notThere(err, pathName(r))
	}
	t := *was
	if err := in.apply(&t); err != nil {
		return nil, err
	}
	if in.Schema != nil {
		return nil, &Error{Reason: "notImplemented", Message: "emulator: a change of the schema by tables.patch; ALTER TABLE is there"}
	}
	if err := s.catalog.put(&t, true); err != nil {
		return nil, err
	}
	return s.resource(r.Context(), &t)
}

func (s *Server) deleteTable(r *http.Request) (any, error) {
	defer s.store.tidy()
	return nil, s.catalog.delete(pathName(r))
}

// listRows is tabledata.list.
func (s *Server) listRows(r *http.Request) (any, error) {
	t, err := s.catalog.table(pathName(r))
	if err != nil {
		return nil, notThere(err, pathName(r))
	}
	all, err := s.all(r.Context(), t)
	if err != nil {
		return nil, err
	}
	from := number(r, "pageToken", number(r, "startIndex", 0))
	rows, to := pageOf(all, t.Columns, from, number(r, "maxResults", -1), r.URL.Query().Get("formatOptions.useInt64Timestamp") == "true")
	out := map[string]any{"kind": "bigquery#tableDataList", "totalRows": strconv.Itoa(len(all)), "rows": rows}
	if to < len(all) {
		out["pageToken"] = strconv.Itoa(to)
	}
	return out, nil
}
