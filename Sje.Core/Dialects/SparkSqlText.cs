using Sje.Core.Jobs;

namespace Sje.Core.Dialects;

/// <summary>How names and texts are written in Spark SQL.</summary>
internal static class SparkSqlText
{
    /// <summary>The Spark property that holds the storage root; SQL names it as <c>${spark.sje.root}</c>.</summary>
    private const string Root = "${" + SparkTaskType.RootProperty + "}";

    public static string Name(string name) => $"`{name.Replace("`", "``", StringComparison.Ordinal)}`";

    /// <summary>A list of names.</summary>
    public static string Names(IEnumerable<string> names) => string.Join(", ", names.Select(Name));

    /// <summary>A table of the catalogue, with or without its database.</summary>
    public static string Table(string name) => string.Join('.', name.Split('.').Select(Name));

    public static string Quote(string text) =>
        $"'{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}'";

    /// <summary>A path as the driver finds it: an address or an absolute path as it is, any other from the storage root.</summary>
    public static string Path(string path) =>
        path.StartsWith('/') || path.Contains("://", StringComparison.Ordinal) ? path : $"{Root}/{path}";

    /// <summary><c>OPTIONS (name 'value', ...)</c>, or nothing.</summary>
    public static string Options(IEnumerable<KeyValuePair<string, string>> options)
    {
        var written = string.Join(", ", options.Select(option => $"{Quote(option.Key)} {Quote(option.Value)}"));
        return written.Length == 0 ? "" : $" OPTIONS ({written})";
    }
}
