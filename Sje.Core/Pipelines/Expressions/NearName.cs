namespace Sje.Core.Pipelines.Expressions;

/// <summary>Finds what somebody probably meant.</summary>
internal static class NearName
{
    /// <summary><c>did you mean X? </c>, or nothing when no name is near.</summary>
    public static string Hint(string written, IEnumerable<string> names) =>
        Find(written, names) is { } near ? $"did you mean {near}? " : "";

    public static string? Find(string written, IEnumerable<string> names) =>
        written.Length > 100
            ? null
            : names.Where(n => n.Length <= 100)
                .Select(n => (Name: n, Distance: Distance(written.ToLowerInvariant(), n.ToLowerInvariant())))
                .Where(n => n.Distance <= Math.Max(1, written.Length / 3))
                .OrderBy(n => n.Distance)
                .ThenBy(n => n.Name, StringComparer.Ordinal)
                .FirstOrDefault().Name;

    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(row[j] + 1, row[j - 1] + 1), diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }

        return row[^1];
    }
}
