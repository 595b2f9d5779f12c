using System.ComponentModel.DataAnnotations;
using Tollgate.Accounts.Portal;
using Tollgate.Contracts.Keys;

namespace Tollgate.Accounts.UsageLimits;

/// <summary>Form for the limits of a key or an organization.</summary>
public class LimitsForm
{
    /// <summary>The text of each field by <see cref="LimitKind.Name"/>; empty or missing means no limit.</summary>
    [LimitTexts]
    public Dictionary<string, string?> Limits
    {
        get;
        set => field = value ?? []; // The binding sets null when the form has none of the fields.
    } = [];

    /// <summary>Name of a kind's field in validation, and the end of its name in the form.</summary>
    internal static string NameOf(LimitKind kind) => $"{nameof(Limits)}[{kind.Name}]";

    /// <summary>What a field of this kind can hold.</summary>
    internal static string RuleOf(LimitKind kind) => kind.IsMoney
        ? $"Digits with a decimal point, {kind.Range}; or empty." : $"Digits alone, {kind.Range}; or empty.";

    /// <summary>Fills the form from limits.</summary>
    public void Read(Limits limits) =>
        Limits = LimitKinds.All.ToDictionary(kind => kind.Name, kind => NumberFieldAttribute.Write(kind.Read(limits)));

    /// <summary>Returns <paramref name="others"/> with the form's limits.</summary>
    public Limits ApplyTo(Limits others) => LimitKinds.All.Aggregate(
        others, (limits, kind) => kind.Write(limits, NumberFieldAttribute.Read(Limits.GetValueOrDefault(kind.Name))));

    /// <summary>Checks each text against its kind; the result names the faulty fields.</summary>
    [AttributeUsage(AttributeTargets.Property)]
    private sealed class LimitTextsAttribute : ValidationAttribute
    {
        protected override ValidationResult? IsValid(object? value, ValidationContext validationContext)
        {
            var texts = value as Dictionary<string, string?> ?? [];
            var faulty = LimitKinds.All.Where(kind => !IsValid(kind, texts.GetValueOrDefault(kind.Name))).Select(NameOf).ToArray();
            return faulty.Length == 0 ? ValidationResult.Success : new ValidationResult("The limit cannot be read.", faulty);
        }

        private static bool IsValid(LimitKind kind, string? text) =>
            string.IsNullOrWhiteSpace(text) || (NumberFieldAttribute.Read(text) is { } number && kind.Admits(number));
    }
}
