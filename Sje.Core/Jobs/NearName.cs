namespace Sje.Core.Jobs;

/// <summary>Finds what a mistyped name was meant to be.</summary>
internal static class NearName
{
    private const int LongestWord = 60;

    /// <summary><c> Did you mean 'retry'?</c> to append to a message, or nothing when no name is near.</summary>
    public static string Hint(string word, IEnumerable<string> names) =>
        Find(word, names) is { } near ? $" Did you mean '{near}'?" : "";

    /// <summary>The nearest name, if near enough to be what was meant: one change in three letters, three at most.</summary>
    public static string? Find(string word, IEnumerable<string> names)
    {
        if (word.Length is 0 or > LongestWord)
        {
            return null;
        }

        var allowed = Math.Clamp(word.Length / 3, 1, 3);
        return names
            .Where(name => Math.Abs(name.Length - word.Length) <= allowed)
            .Select(name => (Name: name, Distance: Distance(word.ToLowerInvariant(), name.ToLowerInvariant())))
            .Where(candidate => candidate.Distance <= allowed)
            .OrderBy(candidate => candidate.Distance)
            .Select(candidate => candidate.Name)
            .FirstOrDefault();
    }

    /// <summary>Letters to insert, delete, replace or swap with their neighbour (optimal string alignment).</summary>
    private static int Distance(string left, string right)
    {
        var rows = new int[left.Length + 1, right.Length + 1];
        for (var i = 0; i <= left.Length; i++)
        {
            rows[i, 0] = i;
        }

        for (var j = 0; j <= right.Length; j++)
        {
            rows[0, j] = j;
        }

        for (var i = 1; i <= left.Length; i++)
        {
            for (var j = 1; j <= right.Length; j++)
            {
                var same = left[i - 1] == right[j - 1] ? 0 : 1;
                rows[i, j] = Math.Min(Math.Min(rows[i - 1, j] + 1, rows[i, j - 1] + 1), rows[i - 1, j - 1] + same);
                if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1])
                {
                    rows[i, j] = Math.Min(rows[i, j], rows[i - 2, j - 2] + 1);
                }
            }
        }

        return rows[left.Length, right.Length];
    }
}
