using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http.Metadata;
using Sje.Core.Jobs;
using Sje.Web.Api.Json;
using Sje.Web.Api.Problems;

namespace Sje.Web.Api.Requests;

/// <summary>Something bound from a request that <see cref="RequestFilter"/> looks at before the handler sees it.</summary>
internal interface IBoundBody
{
    /// <summary>Why the body could not be read; the handler is not called then.</summary>
    Refusal? Refusal { get; }

    /// <summary>What the validators check.</summary>
    object? Content { get; }
}

/// <summary>
/// A small JSON or YAML body as a record of ours; no body is an empty one. The bytes go through the same reader as jobs, with its
/// limits on depth, duplicate keys and characters.
/// </summary>
internal sealed class RequestBody<T> : IBoundBody, IEndpointParameterMetadataProvider
    where T : class
{
    private readonly T? value;

    private RequestBody(T? value, Refusal? refusal)
    {
        this.value = value;
        Refusal = refusal;
    }

    public Refusal? Refusal { get; }

    public object? Content => value;

    /// <summary>The request; there is one when the handler is called.</summary>
    public T Value => value ?? throw new InvalidOperationException("The body was refused.");

    public static async ValueTask<RequestBody<T>> BindAsync(HttpContext context, ParameterInfo parameter)
    {
        var bytes = await RequestBytes.ReadAsync(context, RequestBytes.DocumentTypes);
        if (bytes.Refusal is not null)
        {
            return new RequestBody<T>(null, bytes.Refusal);
        }

        if (bytes.Bytes.IsEmpty)
        {
            return FromTree(new JsonObject());
        }

        var document = DocumentReader.Read(bytes.Bytes, bytes.Format, RequestBytes.MaxBytes);
        return document.Failure == JobReadFailure.None
            ? FromTree(document.Root)
            : new RequestBody<T>(null, Refusal.Of(document.Failure, document.WithLines(document.Faults)));
    }

    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) =>
        builder.Metadata.Add(
            new AcceptsMetadata([.. RequestBytes.DocumentTypes, .. RequestBytes.Aliases], typeof(T), isOptional: true)
        );

    private static RequestBody<T> FromTree(JsonNode? root)
    {
        if (root is not JsonObject fields)
        {
            return Wrong(new Fault("", "The body must be an object.", FaultCodes.WrongType));
        }

        var known = ApiJson.Options.GetTypeInfo(typeof(T)).Properties.Select(p => p.Name).ToList();
        var unknown = fields
            .Where(field => !known.Contains(field.Key))
            .Select(field => new Fault(
                Fault.At("", field.Key),
                $"There is no such field here; there are {string.Join(", ", known)}.",
                FaultCodes.UnknownField
            ))
            .ToArray();
        if (unknown.Length > 0)
        {
            return Wrong(unknown);
        }

        try
        {
            return new RequestBody<T>(fields.Deserialize<T>(ApiJson.Options), null);
        }
        catch (JsonException wrong)
        {
            return Wrong(
                new Fault(ToPointer(wrong.Path), "Its value is not of the kind wanted here.", FaultCodes.WrongType)
            );
        }
    }

    private static RequestBody<T> Wrong(params Fault[] faults) => new(null, Refusal.Invalid(faults));

    // "$.parameters" of System.Text.Json; our records are flat, so that is all there is.
    private static string ToPointer(string? path) =>
        path is null or "$" ? "" : "/" + path.TrimStart('$', '.').Replace('.', '/');
}

/// <summary>A body that is left as bytes for the reader of jobs.</summary>
internal sealed class RawBody(RequestBytes bytes) : IBoundBody, IEndpointParameterMetadataProvider
{
    public Refusal? Refusal => bytes.Refusal;

    public object? Content => null;

    public ReadOnlyMemory<byte> Bytes => bytes.Bytes;

    public JobFormat Format => bytes.Format;

    public static async ValueTask<RawBody> BindAsync(HttpContext context, ParameterInfo parameter) =>
        new(await RequestBytes.ReadAsync(context, RequestBytes.DocumentTypes));

    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) =>
        builder.Metadata.Add(
            new AcceptsMetadata([.. RequestBytes.DocumentTypes, .. RequestBytes.Aliases], typeof(JsonObject))
        );
}

/// <summary>A body of many jobs: a document, or a line of JSON each.</summary>
internal sealed class BatchBody(RequestBytes bytes) : IBoundBody, IEndpointParameterMetadataProvider
{
    public Refusal? Refusal => bytes.Refusal;

    public object? Content => null;

    public ReadOnlyMemory<byte> Bytes => bytes.Bytes;

    public JobFormat Format => bytes.Format;

    public bool IsLines => bytes.IsLines;

    public static async ValueTask<BatchBody> BindAsync(HttpContext context, ParameterInfo parameter) =>
        new(await RequestBytes.ReadAsync(context, RequestBytes.BatchTypes));

    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) =>
        builder.Metadata.Add(
            new AcceptsMetadata([.. RequestBytes.BatchTypes, .. RequestBytes.Aliases], typeof(JsonArray))
        );
}
