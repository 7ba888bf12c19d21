namespace Sje.Jobs.Storage;

/// <summary>Patterns of LIKE from text that users typed.</summary>
internal static class SearchPattern
{
    public const string Escape = "\\";

    public static string Contains(string text) =>
        "%"
        + text.Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("%", "\\%", StringComparison.Ordinal)
            .Replace("_", "\\_", StringComparison.Ordinal)
        + "%";
}
