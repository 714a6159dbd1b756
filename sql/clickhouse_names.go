package sql

import "strings"

// clickhouseName writes a name bare where that reads as the same name. A word
// of the language is quoted, whether or not it would be understood.
func clickhouseName(s string) string {
	if bare(s) && !clickhouseReserved[s] {
		return s
	}
	return "`" + strings.NewReplacer(`\`, `\\`, "`", "\\`").Replace(s) + "`"
}

// clickhouseReserved are the words of system.keywords of ClickHouse 26, and those of
// numbers, without the short forms of units of time, which mean something only behind
// INTERVAL. Most would do as names, but in which places is for no page to say.
var clickhouseReserved = set(`
	abi access action add admin after algorithm alias all allowed_lateness alter analyze and
	anti any append apply arguments array as asc ascending asof assume ast async at attach
	authentication auto_increment azure backup bagexpansion base_backup bcrypt_hash
	bcrypt_password begin between bidirectional both by cache caches cascade case cast century
	change changeable_in_readonly changed char character check cleanup clear clone cluster
	cluster_host_ids clusters codec collate collection column columns comment commit
	compression connections const constraint copy create cross cube current current_user
	currentuser cursor data database databases date day days ddl deallocate decade deduplicate
	default definer delay delete deleted depends desc descending describe detach detached
	deterministic dictionaries dictionary disk distinct div double_sha1_hash
	double_sha1_password drop dry else empty enabled end enforced engine engines enum ephemeral
	epoch escape estimate event events every except exchange execute exists explain expression
	extended external fake false fetch fields file files filesystem fill filter final first
	following for force foreign forget format freeze from full fulltext function functions
	global grant grantees grants granularity group grouping groups hash having hdfs
	hierarchical host hour hours http hypothetical id identified if ignore ilike implicit in
	index indexes indices inf infile inherit injective inner insert interpolate intersect
	interval into invisible invoker ipv4_prefix_bits ipv6_prefix_bits is is_object_id isodow
	isoyear join jwt kerberos key keyed keys kill kind language large last layout ldap leading
	left less level lifetime lightweight like limit limits linear list live local manifest mask
	masking master match materialize materialized max memory merges methods metrics microsecond
	microseconds millennium millisecond milliseconds min minute minutes mod modify month months
	move mutation name named nan nanosecond nanoseconds natural new next no no_authentication
	no_password none not null nulls object offset on only optimize option or order outer
	outfile over overridable override parallel part part_move_to_shard partial partition
	partitions parts paste patches path pause periodic permanently permissive persistent
	pipeline placing plaintext_password plan policy populate preceding precision prefix prepare
	prewhere primary priority privileges processlist profile profiles projection protobuf pull
	qualify quarter quarters query quota randomize randomized range read readonly realm
	recompress recursive references refresh regexp remove rename replace replicated reservation
	reset resource respect restore restrict restrictive resume returns revoke rewrite right
	role roles rollback rollup row rows run salt sample samples san scheme scram_sha256_hash
	scram_sha256_password second seconds security select semi sequential server set sets
	setting settings sha256_hash sha256_password shard show signed simple skip snapshot some
	source spatial sql sql_tsi_day sql_tsi_hour sql_tsi_microsecond sql_tsi_millisecond
	sql_tsi_minute sql_tsi_month sql_tsi_nanosecond sql_tsi_quarter sql_tsi_second sql_tsi_week
	sql_tsi_year ssh_key ssl_certificate staleness start statistics stdout step storage stream
	strict strictly_ascending subpartition subpartitions suspend sync syntax system table
	tables tag tags temporary test than then thread ties time timestamp timezone_hour
	timezone_minute to top totals tracking trailing transaction tree trigger true truncate ttl
	type typeof unbounded undrop unfreeze union unique unknown unlock unset unsigned until
	update url use user using uuid valid values varying view visible volume watch watermark
	week weeks whatif when where window with with_itemindex worker workload writable write year
	years zkpath zone
`)
