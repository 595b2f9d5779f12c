using System.Diagnostics.CodeAnalysis;

namespace Tollgate.Contracts.OpenAi;

/// <summary>A request that its body of JSON alone makes.</summary>
public interface IJsonRequest<TSelf>
    where TSelf : InferenceRequest
{
    /// <summary>Parses and checks a body. Never throws; sets exactly one of <paramref name="request"/> and
    /// <paramref name="error"/>.</summary>
    static abstract bool TryParse(
        ReadOnlyMemory<byte> body, [NotNullWhen(true)] out TSelf? request, [NotNullWhen(false)] out OpenAiError? error);
}

/// <summary>A request that its form alone makes.</summary>
public interface IFormRequest<TSelf>
    where TSelf : InferenceRequest
{
    /// <summary>Parses and checks a form. Sets exactly one of <paramref name="request"/> and <paramref name="error"/>.</summary>
    static abstract bool TryParse(
        RequestForm form, [NotNullWhen(true)] out TSelf? request, [NotNullWhen(false)] out OpenAiError? error);
}
