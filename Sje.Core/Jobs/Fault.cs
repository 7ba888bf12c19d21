namespace Sje.Core.Jobs;

/// <summary>
/// One thing wrong with what a user wrote. <see cref="Pointer"/> is an RFC 6901 JSON pointer into the document,
/// <see cref="Code"/> a stable word for programs, <see cref="Line"/> the line of the text (from 1) where that is known.
/// </summary>
public sealed record Fault(string Pointer, string Detail, string Code, int? Line = null)
{
    /// <summary>Appends a token to a pointer, escaping it as RFC 6901 section 3 says.</summary>
    public static string At(string pointer, string token) =>
        pointer + "/" + token.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);

    /// <summary>Appends an array index to a pointer.</summary>
    public static string At(string pointer, int index) => $"{pointer}/{index}";
}
