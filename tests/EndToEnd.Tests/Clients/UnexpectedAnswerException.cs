namespace Tollgate.EndToEnd.Tests.Clients;

/// <summary>An event stream was asked for and something else came.</summary>
internal sealed class UnexpectedAnswerException(ApiAnswer answer) : Exception($"{(int)answer.Status}: {answer.Body}")
{
    public ApiAnswer Answer { get; } = answer;
}
