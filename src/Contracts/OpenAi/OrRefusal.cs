using System.Diagnostics.CodeAnalysis;

namespace Tollgate.Contracts.OpenAi;

/// <summary>Either a value or the error that refuses the request.</summary>
public readonly struct OrRefusal<T>
    where T : class
{
    private OrRefusal(T? value, OpenAiError? refusal) => (Value, Refusal) = (value, refusal);

    /// <summary>Null when the request is refused.</summary>
    public T? Value { get; }

    /// <summary>Null when there is a value.</summary>
    public OpenAiError? Refusal { get; }

    public static implicit operator OrRefusal<T>(T value) => new(value, null);

    public static implicit operator OrRefusal<T>(OpenAiError refusal) => new(null, refusal);

    /// <summary>Returns true with the value, or false with the refusal.</summary>
    public bool TryGet([NotNullWhen(true)] out T? value, [NotNullWhen(false)] out OpenAiError? refusal)
    {
        value = Value;
        refusal = value is null ? Refusal ?? OpenAiError.ServerError() : null;
        return value is not null;
    }
}
