using System.Text.Json.Serialization;
using Sje.Core.Jobs;

namespace Sje.Web.Api.Problems;

/// <summary>The body of every answer that is an error (RFC 9457).</summary>
internal sealed record ProblemDocument
{
    public const string MediaType = "application/problem+json";

    public required string Type { get; init; }
    public required string Title { get; init; }
    public required int Status { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Detail { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Instance { get; init; }

    /// <summary>Everything wrong with the request, at once.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ProblemError>? Errors { get; init; }

    /// <summary>Finds the request in the server's log.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? TraceId { get; init; }

    /// <summary>Members that only some kinds have.</summary>
    [JsonExtensionData]
    public IDictionary<string, object?>? More { get; init; }
}

/// <summary>One fault: of the body at a JSON pointer, or of a parameter of the address.</summary>
internal sealed record ProblemError
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Pointer { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Parameter { get; init; }

    public required string Detail { get; init; }
    public required string Code { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Line { get; init; }

    public static ProblemError Of(Fault fault) => Of(fault, "");

    /// <summary>A fault of a part of the body that stands at <paramref name="at"/>.</summary>
    public static ProblemError Of(Fault fault, string at) =>
        new()
        {
            Pointer = at + fault.Pointer,
            Detail = fault.Detail,
            Code = fault.Code,
            Line = fault.Line,
        };

    public static ProblemError OfParameter(string name, string detail, string code) =>
        new()
        {
            Parameter = name,
            Detail = detail,
            Code = code,
        };
}
