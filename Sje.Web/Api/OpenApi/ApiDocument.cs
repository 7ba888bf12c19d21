using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Scalar.AspNetCore;
using Sje.Web.Api.Auth;
using Sje.Web.Api.Problems;
using Sje.Web.Api.Requests;
using Sje.Web.Api.Streams;

namespace Sje.Web.Api.OpenApi;

/// <summary>The OpenAPI 3.1 document at <c>/openapi/v1.json</c> and the page that shows it at <c>/docs</c>, nothing of it from elsewhere.</summary>
internal static class ApiDocument
{
    public static void Add(IServiceCollection services) =>
        services.AddOpenApi(
            "v1",
            options =>
            {
                options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
                options.AddDocumentTransformer(DescribeAsync);
                options.AddOperationTransformer(CompleteAsync);
            }
        );

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapOpenApi().AllowAnonymous();
        routes
            .MapScalarApiReference(
                "/docs",
                options =>
                    options
                        .WithTitle("SJE API")
                        .WithOpenApiRoutePattern("/openapi/{documentName}.json")
                        .DisableDefaultFonts()
                        .DisableTelemetry()
                        .DisableAgent()
            )
            .AllowAnonymous();
    }

    private static Task DescribeAsync(
        OpenApiDocument document,
        OpenApiDocumentTransformerContext context,
        CancellationToken stop
    )
    {
        document.Info.Title = "SJE";
        document.Info.Version = typeof(ApiDocument).Assembly.GetName().Version?.ToString(3) ?? "0";
        document.Info.Description =
            "Distributed job execution. Errors are RFC 9457 problem documents whose type is stable.";
        document.Servers = [];
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            ["bearer"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer" },
            ["apiKey"] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.ApiKey,
                In = ParameterLocation.Header,
                Name = ApiKeyHandler.HeaderName,
            },
        };
        return Task.CompletedTask;
    }

    // What every endpoint of a sort answers is said here once, instead of at each of them.
    private static async Task CompleteAsync(
        OpenApiOperation operation,
        OpenApiOperationTransformerContext context,
        CancellationToken stop
    )
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        var schema = await ProblemSchemaAsync(context, stop);
        AddProblem(operation, schema, ProblemKind.Internal);
        AddProblem(operation, schema, ProblemKind.Unavailable);
        AddProblem(operation, schema, ProblemKind.Forbidden);
        AddProblem(operation, schema, ProblemKind.Invalid);
        if (!metadata.OfType<IAllowAnonymous>().Any() && metadata.OfType<IAuthorizeData>().Any())
        {
            AddProblem(operation, schema, ProblemKind.Unauthorized);
            operation.Security =
            [
                new OpenApiSecurityRequirement
                {
                    [new OpenApiSecuritySchemeReference("bearer", context.Document)] = [],
                },
                new OpenApiSecurityRequirement
                {
                    [new OpenApiSecuritySchemeReference("apiKey", context.Document)] = [],
                },
                [],
            ];
        }

        foreach (var alias in RequestBytes.Aliases)
        {
            operation.RequestBody?.Content?.Remove(alias);
        }

        if (metadata.OfType<StreamsEvents>().Any() && operation.Responses?["200"] is OpenApiResponse answer)
        {
            answer.Content ??= new Dictionary<string, OpenApiMediaType>();
            answer.Content[EventStream.MediaType] = new OpenApiMediaType
            {
                Schema = new OpenApiSchema { Type = JsonSchemaType.String },
            };
        }

        foreach (var parameter in operation.Parameters?.OfType<OpenApiParameter>() ?? [])
        {
            Describe(parameter, operation.OperationId);
        }
    }

    // Said once and referred to: written out at every answer of every endpoint it was nine tenths of the document.
    private static async Task<IOpenApiSchema> ProblemSchemaAsync(
        OpenApiOperationTransformerContext context,
        CancellationToken stop
    )
    {
        const string Name = nameof(ProblemDocument);
        var document =
            context.Document ?? throw new InvalidOperationException("An operation that belongs to no document.");
        document.AddComponent(Name, await context.GetOrCreateSchemaAsync(typeof(ProblemDocument), null, stop));
        return new OpenApiSchemaReference(Name, document);
    }

    private static void AddProblem(OpenApiOperation operation, IOpenApiSchema schema, ProblemKind kind)
    {
        operation.Responses ??= [];
        operation.Responses.TryAdd(
            kind.Status.ToString(CultureInfo.InvariantCulture),
            new OpenApiResponse
            {
                Description = kind.Title,
                Content = new Dictionary<string, OpenApiMediaType>
                {
                    [ProblemDocument.MediaType] = new() { Schema = schema },
                },
            }
        );
    }

    // Handlers take these as text, so that a wrong one is a fault that names it; what they must hold is said here.
    private static void Describe(OpenApiParameter parameter, string? operation)
    {
        switch (parameter.Name)
        {
            case "limit":
                parameter.Schema = Whole(1, Paging.MaxLimit);
                parameter.Description = "Items a page, 50 if not given.";
                break;
            case "count" when operation == "previewSchedule":
                parameter.Schema = Whole(1, PreviewCount.Most);
                break;
            case "count" or "tail":
                parameter.Schema = Whole(1, LogQuery.MaxCount);
                break;
            case "attempt" or "version":
                parameter.Schema = Whole(1, int.MaxValue);
                break;
            case "width":
                parameter.Schema = Whole(LogQuery.LeastWidth, LogQuery.MaxWidth);
                parameter.Description = "Characters a line at most; fullLength tells where there are more.";
                break;
            case "level":
                parameter.Schema = new OpenApiSchema
                {
                    Type = JsonSchemaType.String,
                    Enum = [.. LogNumbers.Levels.Select(level => (JsonNode)level)],
                };
                parameter.Description = "Lines of this level and graver ones; stderr: what was written to it.";
                break;
            case "from" or "to" when operation == "getExecutionSeries":
                parameter.Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = "date-time" };
                break;
            case "points":
                parameter.Schema = Whole(1, SeriesPoints.Most);
                break;
            case "from" or "to" or "line":
                parameter.Schema = new OpenApiSchema { Type = JsonSchemaType.Integer, Minimum = "0" };
                break;
            case "atomic" or "gone" or "regex" or "ignoreCase" or "total" or "plain" or "times":
                parameter.Schema = new OpenApiSchema { Type = JsonSchemaType.Boolean };
                break;
            case "since" or "until":
                parameter.Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = "date-time" };
                break;
            case "cursor":
                parameter.Description = "nextCursor of the page before.";
                break;
        }
    }

    private static OpenApiSchema Whole(int least, int most) =>
        new()
        {
            Type = JsonSchemaType.Integer,
            Minimum = least.ToString(CultureInfo.InvariantCulture),
            Maximum = most.ToString(CultureInfo.InvariantCulture),
        };
}
