using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json.Nodes;
using Sje.Jobs.Storage;
using Sje.Web.Api.Problems;

namespace Sje.Web.Api.Requests;

/// <summary>
/// <c>If-Match</c> and <c>If-None-Match</c> of a write to something with versions (RFC 9110 section 13.1). An ETag of ours is the version in
/// quotes.
/// </summary>
internal static class WriteCondition
{
    /// <summary>Reads the headers; without any the writer expects nothing.</summary>
    public static bool TryRead(
        string? ifMatch,
        string? ifNoneMatch,
        string what,
        out ExpectedVersion? expected,
        [NotNullWhen(false)] out Refusal? wrong
    )
    {
        expected = null;
        wrong = null;
        if (ifNoneMatch is not null)
        {
            expected = new ExpectedVersion(null);
            wrong =
                ifNoneMatch.Trim() == "*" && ifMatch is null
                    ? null
                    : Refusal.InvalidParameter("If-None-Match", "Only * is understood here, and not beside If-Match.");
        }
        else if (ifMatch is not null && ifMatch.Trim() != "*")
        {
            var isTag = TryReadVersion(ifMatch.Trim().Trim('"'), out var version);
            expected = new ExpectedVersion(version);
            wrong = isTag
                ? null
                : Refusal.InvalidParameter("If-Match", $"That is no ETag of a {what}; they look like \"3\".");
        }

        return wrong is null;
    }

    /// <summary>A version: a whole number from 1.</summary>
    public static bool TryReadVersion(string text, out int version) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out version) && version > 0;

    /// <summary>The ETag of a version.</summary>
    public static string TagOf(int version) => $"\"{version.ToString(CultureInfo.InvariantCulture)}\"";

    /// <summary>Another version stands there; null is none.</summary>
    public static Refusal Mismatch(string what, string name, int? current) =>
        new(
            ProblemKind.VersionMismatch,
            current is null
                ? $"There is no {what} '{name}' yet."
                : $"{char.ToUpperInvariant(what[0])}{what[1..]} '{name}' is at version {current}."
        )
        {
            More = new JsonObject { ["currentVersion"] = current },
        };
}
