using System.Reflection;
using FluentValidation;
using Microsoft.AspNetCore.Mvc;
using Sje.Core.Jobs;
using Sje.Web.Api.Problems;

namespace Sje.Web.Api.Requests;

/// <summary>Parameters of the address, bound together; their faults name the parameter instead of a place in the body.</summary>
internal interface IQueryParameters;

/// <summary>
/// Stands before every handler: refuses unreadable bodies, parameters that the endpoint does not know, and whatever the validator
/// of a body or of parameters says no to.
/// </summary>
internal static class RequestFilter
{
    public static EndpointFilterDelegate Create(EndpointFilterFactoryContext context, EndpointFilterDelegate next)
    {
        var known = QueryNames(context.MethodInfo);
        return async invocation =>
            await RefusalOfAsync(invocation, known) is { } refusal ? refusal : await next(invocation);
    }

    private static async ValueTask<Refusal?> RefusalOfAsync(
        EndpointFilterInvocationContext invocation,
        List<string> known
    )
    {
        var request = invocation.HttpContext.Request;
        var errors = new List<ProblemError>();
        foreach (var (name, values) in request.Query)
        {
            if (!known.Contains(name))
            {
                errors.Add(
                    ProblemError.OfParameter(
                        name,
                        known.Count == 0
                            ? "This address takes no parameters."
                            : $"There is no such parameter; there are {string.Join(", ", known)}.",
                        "unknown_parameter"
                    )
                );
            }
            else if (values.Any(value => value?.Contains('\0') == true))
            {
                errors.Add(ProblemError.OfParameter(name, "It holds a NUL character.", FaultCodes.NulCharacter));
            }
        }

        foreach (var (name, value) in request.RouteValues)
        {
            if (value is string text && text.Contains('\0'))
            {
                errors.Add(ProblemError.OfParameter(name, "It holds a NUL character.", FaultCodes.NulCharacter));
            }
        }

        foreach (var argument in invocation.Arguments)
        {
            if (argument is IBoundBody { Refusal: { } unreadable })
            {
                return unreadable;
            }

            var content = argument is IBoundBody body ? body.Content : argument as IQueryParameters;
            if (content is not null)
            {
                errors.AddRange(await FaultsOfAsync(invocation.HttpContext, content));
            }
        }

        return errors.Count == 0 ? null : Refusal.Invalid(errors);
    }

    private static async Task<IEnumerable<ProblemError>> FaultsOfAsync(HttpContext context, object content)
    {
        if (
            context.RequestServices.GetService(typeof(IValidator<>).MakeGenericType(content.GetType()))
            is not IValidator validator
        )
        {
            throw new InvalidOperationException($"{content.GetType().Name} has no validator.");
        }

        var result = await validator.ValidateAsync(new ValidationContext<object>(content), context.RequestAborted);
        return result.Errors.Select(failure =>
            content is IQueryParameters
                ? ProblemError.OfParameter(
                    CamelCase(failure.PropertyName),
                    failure.ErrorMessage,
                    CodeOf(failure.ErrorCode)
                )
                : new ProblemError
                {
                    Pointer = string.Concat(failure.PropertyName.Split('.').Select(part => "/" + CamelCase(part))),
                    Detail = failure.ErrorMessage,
                    Code = CodeOf(failure.ErrorCode),
                }
        );
    }

    private static List<string> QueryNames(MethodInfo handler) =>
        handler
            .GetParameters()
            .SelectMany(parameter =>
                parameter.GetCustomAttribute<AsParametersAttribute>() is null
                    ? [parameter.GetCustomAttribute<FromQueryAttribute>()]
                    : parameter
                        .ParameterType.GetConstructors()[0]
                        .GetParameters()
                        .Select(p => p.GetCustomAttribute<FromQueryAttribute>())
            )
            .OfType<FromQueryAttribute>()
            .Select(attribute => attribute.Name!) // Each of ours carries its name.
            .ToList();

    // FluentValidation names its own rules "NotEmptyValidator"; ours are named in the words of FaultCodes.
    private static string CodeOf(string errorCode) =>
        errorCode switch
        {
            "NotEmptyValidator" or "NotNullValidator" => FaultCodes.Required,
            "MaximumLengthValidator" or "LengthValidator" => FaultCodes.TooLong,
            _ when errorCode.EndsWith("Validator", StringComparison.Ordinal) => FaultCodes.InvalidValue,
            _ => errorCode,
        };

    private static string CamelCase(string name) => System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(name);
}
