namespace Sje.Core.Jobs;

/// <summary>The words for priorities, and the numbers that they stand for.</summary>
public static class Priorities
{
    /// <summary>The lowest number.</summary>
    public const int Lowest = -100;

    /// <summary>The highest number.</summary>
    public const int Highest = 100;

    private static readonly (string Word, int Priority)[] Named =
    [
        ("low", -10),
        ("normal", 0),
        ("high", 10),
        ("urgent", 20),
        ("critical", 30),
    ];

    /// <summary>The words, lowest first.</summary>
    public static readonly IReadOnlyList<string> Words = [.. Named.Select(named => named.Word)];

    /// <summary>The number of a word.</summary>
    public static bool TryParse(string word, out int priority)
    {
        foreach (var named in Named)
        {
            if (named.Word == word)
            {
                priority = named.Priority;
                return true;
            }
        }

        priority = 0;
        return false;
    }

    /// <summary>The word of a number, or null.</summary>
    public static string? WordOf(int priority) => Named.FirstOrDefault(named => named.Priority == priority).Word;
}
