using Sje.Core.Jobs;
using Sje.Core.Pipelines.Expressions.Functions;
using Sje.Core.Pipelines.Expressions.Values;
using Sje.Core.Pipelines.Types;

namespace Sje.Core.Pipelines.Expressions;

/// <summary>Calls: which form of a function, with which conversions, in which place.</summary>
internal sealed partial class Checker
{
    private static readonly FrameSyntax ToCurrentRow = new(
        Range: false,
        new FrameBound(FrameBoundKind.UnboundedPreceding),
        new FrameBound(FrameBoundKind.CurrentRow)
    );

    private Call Apply(string name, IReadOnlyList<Syntax> operands, int position)
    {
        var function =
            FunctionCatalogue.Find(name)
            ?? throw new InvalidOperationException($"operator {name} is not in the catalogue");
        var (overload, arguments, type) = Resolve(function, operands, position);
        return new Call(overload, arguments, type);
    }

    private Typed Call(CallSyntax call)
    {
        var function =
            FunctionCatalogue.Find(call.Name)
            ?? throw new ExpressionException(
                $"there is no function {call.Name}.{NearName.Hint(call.Name, FunctionCatalogue.Names)}",
                call.Position,
                "unknown_function"
            );
        if (
            function.Kind == FunctionKind.Scalar
            && (call.Arguments.Count == 1 || call.Over is not null)
            && FunctionCatalogue.FindAggregate(call.Name) is { } aggregate
        )
        {
            function = aggregate;
        }

        return function.Kind == FunctionKind.Scalar ? ScalarCall(function, call) : Group(function, call);
    }

    private Call ScalarCall(Function function, CallSyntax call)
    {
        if (
            call.Distinct
            || call.OrderBy.Count > 0
            || call.Filter is not null
            || call.IgnoreNulls
            || call.Over is not null
        )
        {
            throw new ExpressionException(
                $"{function.Name} is no aggregate: distinct, order by, filter and over do not go with it",
                call.Position
            );
        }

        var (overload, arguments, type) = Resolve(function, call.Arguments, call.Position);
        return new Call(overload, arguments, type);
    }

    private GroupCall Group(Function function, CallSyntax call)
    {
        Demand(
            allowed != Allowed.Scalars,
            call,
            $"{function.Name} looks at many rows; here one row at a time is seen (use an aggregate or derive node before)"
        );
        Demand(
            call.Over is not null || function.Kind == FunctionKind.Aggregate,
            call,
            $"{function.Name} needs over (...)"
        );
        Demand(
            call.Over is not null || allowed == Allowed.Aggregates,
            call,
            $"{function.Name} needs over (...) here; groups are made by an aggregate node"
        );
        Demand(
            !insideGroup,
            call,
            "an aggregate or window inside another is not possible: compute the inner one in a node before"
        );
        Demand(
            !call.IgnoreNulls || function.Kind == FunctionKind.Window,
            call,
            $"ignore nulls does not go with {function.Name}"
        );
        insideGroup = true;
        var written = call.Arguments is [StarSyntax] && function.Name == "count" ? [] : call.Arguments;
        var (overload, arguments, type) = Resolve(function, written, call.Position);
        Demand(!call.Distinct || written.Count > 0, call, "distinct needs an argument");
        Demand(
            !call.Distinct || function.Name is "count" or "sum" or "avg" or "min" or "max" or "collect",
            call,
            $"distinct does not go with {function.Name}"
        );
        Demand(
            call.OrderBy.Count == 0 || function.Name is "first" or "last" or "collect" or "string_agg",
            call,
            $"order by inside the call does not go with {function.Name}"
        );
        Demand(
            !overload.NeedsOrder || call.OrderBy.Count > 0 || call.Over is { OrderBy.Count: > 0 },
            call,
            $"{function.Name} needs an order by, else its result depends on the order of reading"
        );
        Demand(!call.Distinct || call.OrderBy.Count == 0, call, "distinct and order by do not go together");
        Demand(
            call.Over is null || overload.Framed || function.Kind == FunctionKind.Window,
            call,
            $"{function.Name} is not offered over a window"
        );
        Demand(
            !call.Distinct || call.Over is not { OrderBy.Count: > 0 },
            call,
            "distinct over an ordered window is not portable"
        );
        var order = call.OrderBy.Select(Key).ToList();
        var filter = call.Filter is null ? null : CheckCondition(call.Filter);
        var window = call.Over is null ? null : Window(call.Over, overload, call);
        insideGroup = false;
        return new GroupCall(overload, arguments, type)
        {
            Distinct = call.Distinct,
            OrderBy = order,
            Filter = filter,
            IgnoreNulls = call.IgnoreNulls,
            Over = window,
        };
    }

    private TypedWindow Window(WindowSyntax window, Overload overload, CallSyntax call)
    {
        Demand(window.Frame is null || overload.Framed, call, $"{call.Name} takes no frame");
        Demand(window.Frame is null || window.OrderBy.Count > 0, call, "a frame needs an order by");
        var order = window.OrderBy.Select(Key).ToList();
        if (
            window.Frame is { Range: true } range
            && (
                range.Start.Kind is FrameBoundKind.Preceding or FrameBoundKind.Following
                || range.End.Kind is FrameBoundKind.Preceding or FrameBoundKind.Following
            )
        )
        {
            Demand(
                order.Count == 1 && order[0].Value.Type.IsNumber,
                call,
                "a range with an offset goes over exactly one numeric order key"
            );
        }

        if (window.Frame is { Range: false } rows)
        {
            Demand(IsWhole(rows.Start) && IsWhole(rows.End), call, "an offset in rows is a whole number");
        }

        return new TypedWindow(
            CheckAll(window.PartitionBy),
            order,
            window.Frame ?? (overload.Framed && order.Count > 0 ? ToCurrentRow : null)
        );
    }

    private static bool IsWhole(FrameBound bound) => bound.Offset is null || bound.Offset.All(char.IsAsciiDigit);

    private OrderKey Key(OrderSyntax key)
    {
        var value = NeedsType(Check(key.Key), key.Key.Position);
        return value.Type is MapType
            ? throw new ExpressionException("maps have no order", key.Key.Position, "wrong_type")
            : new OrderKey(value, key.Descending, key.NullsFirst);
    }

    private (Overload Overload, IReadOnlyList<Typed> Arguments, DataType Type) Resolve(
        Function function,
        IReadOnlyList<Syntax> written,
        int position
    )
    {
        var given = written.Select(w => w is LambdaSyntax ? null : Check(w)).ToList();
        if (Best(function, written, given) is { } found)
        {
            return Bind(found, function, written, given, position);
        }

        // Text of a parameter may stand for a date or a time.
        foreach (var type in new[] { DataType.Date, DataType.Timestamp })
        {
            var retyped = given
                .Select(g =>
                    g is Literal { FromTemplate: true, Value: string text }
                    && TemporalLiteral.Normalise(text, type) is { } normal
                        ? new Literal(normal, type)
                        : g
                )
                .ToList();
            if (Best(function, written, retyped) is { } other)
            {
                return Bind(other, function, written, retyped, position);
            }
        }

        var types = string.Join(", ", given.Select(g => g is null ? "lambda" : g.Type.ToString()));
        var forms = string.Join(
            "; ",
            function.Overloads.Select(o => o.Signature.Text.Replace("=", "", StringComparison.Ordinal))
        );
        throw new ExpressionException(
            $"{function.Name} does not take ({types}); it takes {forms}",
            position,
            "wrong_type"
        );
    }

    /// <summary>The form that needs the fewest conversions; the first of those.</summary>
    private static Overload? Best(Function function, IReadOnlyList<Syntax> written, IReadOnlyList<Typed?> given)
    {
        Overload? best = null;
        var least = int.MaxValue;
        foreach (var overload in function.Overloads)
        {
            if (Cost(overload.Signature, written, given, []) is { } cost && cost < least)
            {
                (best, least) = (overload, cost);
            }
        }

        return best;
    }

    private static int? Cost(
        Signature signature,
        IReadOnlyList<Syntax> written,
        IReadOnlyList<Typed?> given,
        Bindings bindings
    )
    {
        if (!signature.Takes(given.Count))
        {
            return null;
        }

        var total = 0;
        for (var i = 0; i < given.Count; i++)
        {
            var pattern = signature.At(i).Pattern;
            if (pattern is LambdaPattern lambda)
            {
                if (written[i] is not LambdaSyntax { Parameters: var names } || names.Count != lambda.Parameters.Count)
                {
                    return null;
                }

                continue;
            }

            if (given[i] is not { } argument)
            {
                return null;
            }

            if (argument is ArrayValue { Items.Count: 0 } && pattern is ArrayPattern)
            {
                continue;
            }

            if (argument.Type == DataType.Null && pattern is not LetterPattern)
            {
                total++;
                continue;
            }

            if (pattern.Match(argument.Type, bindings) is not { } cost)
            {
                return null;
            }

            total += cost;
        }

        return total;
    }

    private (Overload Overload, IReadOnlyList<Typed> Arguments, DataType Type) Bind(
        Overload overload,
        Function function,
        IReadOnlyList<Syntax> written,
        List<Typed?> given,
        int position
    )
    {
        var bindings = new Bindings();
        Cost(overload.Signature, written, given, bindings);
        var arguments = new List<Typed>();
        for (var i = 0; i < given.Count; i++)
        {
            var parameter = overload.Signature.At(i);
            var argument = parameter.Pattern is LambdaPattern lambda
                ? BindLambda(lambda, (LambdaSyntax)written[i], bindings)
                : Convert(
                    given[i]!, // only lambdas are null
                    parameter.Pattern.Target(given[i]!.Type, bindings),
                    written[i].Position,
                    $"argument {i + 1} of {function.Name}"
                );
            if (parameter.IsLiteral)
            {
                argument = AsLiteral(argument, function.Name, i, written[i].Position);
            }

            arguments.Add(NeedsType(argument, written[i].Position));
        }

        if (overload.Check?.Invoke(arguments) is { } fault)
        {
            throw new ExpressionException($"{function.Name}: {fault}", position);
        }

        return (
            overload,
            arguments,
            overload.Result?.Invoke(arguments) ?? overload.Signature.Result.Target(DataType.Null, bindings)
        );
    }

    /// <summary>Folds an implicit conversion of a literal, so that spellings see the value in the type they asked for.</summary>
    private static Typed AsLiteral(Typed argument, string function, int index, int position) =>
        argument switch
        {
            Literal { Value: not null } or UnboundTemplate => argument,
            Converted { Value: UnboundTemplate } => argument,
            Converted { Value: Literal { Value: { } value } } when argument.Type == DataType.Int64 => new Literal(
                System.Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture),
                argument.Type
            ),
            Converted { Value: Literal { Value: { } value } } when argument.Type == DataType.Double => new Literal(
                System.Convert.ToDouble(value, System.Globalization.CultureInfo.InvariantCulture),
                argument.Type
            ),
            _ => throw new ExpressionException($"argument {index + 1} of {function} must be a literal", position),
        };

    private Lambda BindLambda(LambdaPattern pattern, LambdaSyntax written, Bindings bindings)
    {
        var parameters = written
            .Parameters.Select(
                (_, i) =>
                    new LambdaParameter($"sje_l{++lambdaCount}", pattern.Parameters[i].Target(DataType.Null, bindings))
            )
            .ToList();
        lambdas.AddRange(parameters);
        lambdaNames.AddRange(written.Parameters);
        var body = NeedsType(Check(written.Body), written.Body.Position);
        lambdas.RemoveRange(lambdas.Count - parameters.Count, parameters.Count);
        lambdaNames.RemoveRange(lambdaNames.Count - parameters.Count, parameters.Count);
        if (pattern.Body is LetterPattern { Letter: var letter })
        {
            // reduce: the body must give back the type of the first value; otherwise the body says what the letter is.
            body = bindings.TryGetValue(letter, out var asked)
                ? Convert(body, asked, written.Body.Position, "the result of the lambda")
                : body;
            bindings.TryAdd(letter, body.Type);
        }
        else
        {
            body = Convert(
                body,
                pattern.Body.Target(body.Type, bindings),
                written.Body.Position,
                "the result of the lambda"
            );
        }

        return new Lambda(parameters, body);
    }

    private static void Demand(bool condition, CallSyntax call, string otherwise)
    {
        if (!condition)
        {
            throw new ExpressionException(otherwise, call.Position);
        }
    }
}
