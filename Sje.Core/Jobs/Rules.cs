using FluentValidation;
using FluentValidation.Results;

namespace Sje.Core.Jobs;

/// <summary>
/// The steps that the validators are written in. Failures are added whole, since FluentValidation's own messages would put the value
/// into the text, of whatever length, and fill in what looks like a placeholder in it.
/// </summary>
internal static class Rules
{
    public static void Refuse<T, TValue>(
        this IRuleBuilder<T, TValue> rule,
        Func<TValue, bool> isWrong,
        string code,
        Func<TValue, string> detail
    ) => rule.Refuse((_, value) => isWrong(value), code, (_, value) => detail(value));

    public static void Refuse<T, TValue>(
        this IRuleBuilder<T, TValue> rule,
        Func<T, TValue, bool> isWrong,
        string code,
        Func<T, TValue, string> detail
    ) =>
        rule.Custom(
            (value, context) =>
            {
                if (isWrong(context.InstanceToValidate, value))
                {
                    context.AddFailure(
                        new ValidationFailure(context.PropertyPath, detail(context.InstanceToValidate, value))
                        {
                            ErrorCode = code,
                        }
                    );
                }
            }
        );

    public static void MustBeName<T>(this IRuleBuilder<T, string> rule)
    {
        rule.Refuse(
            name => NameRules.Length(name) > NameRules.Longest,
            FaultCodes.TooLong,
            name => $"{Excerpt.Quote(name)} is too long for a name; at most {NameRules.Longest} characters."
        );
        rule.Refuse(
            name => NameRules.Length(name) <= NameRules.Longest && !NameRules.IsName(name),
            FaultCodes.InvalidValue,
            name => $"{Excerpt.Quote(name)} is no name: {NameRules.Wanted}."
        );
    }

    public static void MustBeQueue<T>(this IRuleBuilder<T, string?> rule) =>
        rule.Refuse(
            queue => queue is not null && !NameRules.IsQueue(queue),
            FaultCodes.InvalidValue,
            queue => $"{Excerpt.Quote(queue!)} is no name of a queue: 1 to 50 of a-z, 0-9, '_' and '-'."
        );

    public static void MustBePositive<T>(this IRuleBuilder<T, TimeSpan?> rule) =>
        rule.Refuse(
            limit => limit <= TimeSpan.Zero,
            FaultCodes.OutOfRange,
            _ => "A time limit is longer than nothing; leave it out for none."
        );
}
