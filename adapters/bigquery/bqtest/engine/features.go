package main

import googlesql "github.com/goccy/go-googlesql"

// features are those of GoogleSQL that BigQuery documents as generally
// available. What is not in the list is refused, as are the types and functions
// that hang on it: a statement that needs more than this has to be compared with
// BigQuery's documentation before it is added.
//
// Left out on purpose, although the analyzer has them: equality of arrays, casts
// between arrays of different types, CONCAT of other types than one, lambdas,
// GROUP BY of JSON, functions of dates on other types than their own, RETURNING,
// MAP and the functions on arrays that BigQuery does not document.
var features = []googlesql.LanguageFeature{
	googlesql.LanguageFeatureFeatureAnalyticFunctions,
	googlesql.LanguageFeatureFeatureTablesample,
	googlesql.LanguageFeatureFeatureDmlUpdateWithJoin,
	googlesql.LanguageFeatureFeatureTableValuedFunctions,
	googlesql.LanguageFeatureFeatureCreateTableFunction,
	googlesql.LanguageFeatureFeatureTemplateFunctions,
	googlesql.LanguageFeatureFeatureGroupByRollup,
	googlesql.LanguageFeatureFeatureGroupingBuiltin,
	googlesql.LanguageFeatureFeatureGroupingSets,
	googlesql.LanguageFeatureFeatureGroupByAll,
	googlesql.LanguageFeatureFeatureGroupByStruct,
	googlesql.LanguageFeatureFeatureGroupByArray,
	googlesql.LanguageFeatureFeatureCreateTablePartitionBy,
	googlesql.LanguageFeatureFeatureCreateTableClusterBy,
	googlesql.LanguageFeatureFeatureCreateTableNotNull,
	googlesql.LanguageFeatureFeatureCreateTableFieldAnnotations,
	googlesql.LanguageFeatureFeatureCreateTableAsSelectColumnList,
	googlesql.LanguageFeatureFeatureCreateTableLike,
	googlesql.LanguageFeatureFeatureCreateTableCopy,
	googlesql.LanguageFeatureFeatureCreateTableClone,
	googlesql.LanguageFeatureFeatureCreateSnapshotTable,
	googlesql.LanguageFeatureFeatureCreateViewWithColumnList,
	googlesql.LanguageFeatureFeatureCreateMaterializedViewPartitionBy,
	googlesql.LanguageFeatureFeatureCreateMaterializedViewClusterBy,
	googlesql.LanguageFeatureFeatureAlterTableRenameColumn,
	googlesql.LanguageFeatureFeatureAlterColumnSetDataType,
	googlesql.LanguageFeatureFeatureColumnDefaultValue,
	googlesql.LanguageFeatureFeatureForeignKeys,
	googlesql.LanguageFeatureFeatureUnenforcedPrimaryKeys,
	googlesql.LanguageFeatureFeatureNumericType,
	googlesql.LanguageFeatureFeatureBignumericType,
	googlesql.LanguageFeatureFeatureDecimalAlias,
	googlesql.LanguageFeatureFeatureParameterizedTypes,
	googlesql.LanguageFeatureFeatureJsonType,
	googlesql.LanguageFeatureFeatureJsonArrayFunctions,
	googlesql.LanguageFeatureFeatureJsonValueExtractionFunctions,
	googlesql.LanguageFeatureFeatureJsonLaxValueExtractionFunctions,
	googlesql.LanguageFeatureFeatureJsonConstructorFunctions,
	googlesql.LanguageFeatureFeatureJsonMutatorFunctions,
	googlesql.LanguageFeatureFeatureJsonKeysFunction,
	googlesql.LanguageFeatureFeatureIntervalType,
	googlesql.LanguageFeatureFeatureCivilTime,
	googlesql.LanguageFeatureFeatureDateTimeConstructors,
	googlesql.LanguageFeatureFeatureDateArithmetics,
	googlesql.LanguageFeatureFeatureWeekWithWeekday,
	googlesql.LanguageFeatureFeatureFormatInCast,
	googlesql.LanguageFeatureFeatureSafeFunctionCall,
	googlesql.LanguageFeatureFeatureNamedArguments,
	googlesql.LanguageFeatureFeatureFunctionArgumentsWithDefaults,
	googlesql.LanguageFeatureFeatureRoundWithRoundingMode,
	googlesql.LanguageFeatureFeatureInverseTrigFunctions,
	googlesql.LanguageFeatureFeatureCbrtFunctions,
	googlesql.LanguageFeatureFeatureAdditionalStringFunctions,
	googlesql.LanguageFeatureFeatureAllowRegexpExtractOptionals,
	googlesql.LanguageFeatureFeatureDisableArrayMinAndMax,
	googlesql.LanguageFeatureFeatureDisableArraySumAndAvg,
	googlesql.LanguageFeatureFeatureDisableFloat32,
	googlesql.LanguageFeatureFeatureOrderByInAggregate,
	googlesql.LanguageFeatureFeatureLimitInAggregate,
	googlesql.LanguageFeatureFeatureHavingInAggregate,
	googlesql.LanguageFeatureFeatureNullHandlingModifierInAggregate,
	googlesql.LanguageFeatureFeatureNullHandlingModifierInAnalytic,
	googlesql.LanguageFeatureFeatureNullsFirstLastInOrderBy,
	googlesql.LanguageFeatureFeatureForSystemTimeAsOf,
	googlesql.LanguageFeatureFeatureWithOnSubquery,
	googlesql.LanguageFeatureFeatureWithRecursive,
	googlesql.LanguageFeatureFeatureWithExpression,
	googlesql.LanguageFeatureFeatureSelectStarExceptReplace,
	googlesql.LanguageFeatureFeatureQualify,
	googlesql.LanguageFeatureFeaturePivot,
	googlesql.LanguageFeatureFeatureUnpivot,
	googlesql.LanguageFeatureFeatureIsDistinct,
	googlesql.LanguageFeatureFeatureLikeAnySomeAll,
	googlesql.LanguageFeatureFeaturePipes,
	googlesql.LanguageFeatureFeatureCorresponding,
	googlesql.LanguageFeatureFeatureByName,
	googlesql.LanguageFeatureFeatureOmitInsertColumnList,
	googlesql.LanguageFeatureFeatureAllowDashesInTableName,
	googlesql.LanguageFeatureFeatureAllowConsecutiveOn,
	googlesql.LanguageFeatureFeatureLiteralConcatenation,
}

// statements are the kinds that are understood at all.
var statements = []googlesql.ResolvedNodeKind{
	googlesql.ResolvedNodeKindResolvedQueryStmt,
	googlesql.ResolvedNodeKindResolvedCreateTableStmt,
	googlesql.ResolvedNodeKindResolvedCreateTableAsSelectStmt,
	googlesql.ResolvedNodeKindResolvedCreateSnapshotTableStmt,
	googlesql.ResolvedNodeKindResolvedCreateViewStmt,
	googlesql.ResolvedNodeKindResolvedCreateMaterializedViewStmt,
	googlesql.ResolvedNodeKindResolvedCreateSchemaStmt,
	googlesql.ResolvedNodeKindResolvedCreateFunctionStmt,
	googlesql.ResolvedNodeKindResolvedAlterTableStmt,
	googlesql.ResolvedNodeKindResolvedDropStmt,
	googlesql.ResolvedNodeKindResolvedTruncateStmt,
	googlesql.ResolvedNodeKindResolvedInsertStmt,
	googlesql.ResolvedNodeKindResolvedUpdateStmt,
	googlesql.ResolvedNodeKindResolvedDeleteStmt,
	googlesql.ResolvedNodeKindResolvedMergeStmt,
	googlesql.ResolvedNodeKindResolvedBeginStmt,
	googlesql.ResolvedNodeKindResolvedCommitStmt,
	googlesql.ResolvedNodeKindResolvedRollbackStmt,
	googlesql.ResolvedNodeKindResolvedAssertStmt,
	googlesql.ResolvedNodeKindResolvedExportDataStmt,
}

// dialect is GoogleSQL as BigQuery speaks it.
func dialect() *googlesql.LanguageOptions {
	l := must(googlesql.NewLanguageOptions())
	check(l.DisableAllLanguageFeatures())
	for _, f := range features {
		check(l.EnableLanguageFeature(f))
	}
	check(l.SetSupportedStatementKinds(statements))
	check(l.SetProductMode(googlesql.ProductModeProductExternal))
	check(l.SetNameResolutionMode(googlesql.NameResolutionModeNameResolutionDefault))
	check(l.EnableReservableKeyword("QUALIFY", true))
	return l
}
