using System.Collections.Concurrent;

namespace Tollgate.EndToEnd.Tests.Clients;

/// <summary>What a client truly got for one request.</summary>
/// <param name="RequestId">Empty when not even the answer's headers arrived.</param>
/// <param name="Status">HTTP status; 0 when the connection broke before one arrived.</param>
/// <param name="Complete">A whole answer: a unary body, or a stream with its terminal event.</param>
/// <param name="Delivered">Completion tokens that surely arrived.</param>
/// <param name="Usage">The usage that the answer states, if it arrived.</param>
internal sealed record TrueAnswer(Guid RequestId, int Status, bool Complete, long Delivered, AnswerUsage? Usage);

/// <summary>Clients that call without a pause, streamed and unary by turns, and keep a log of the truth.</summary>
internal sealed class Load(string api, string key)
{
    private const int Clients = 4;
    private readonly ConcurrentBag<TrueAnswer> _records = [];
    private volatile bool _stopping;
    private Task[] _clients = [];

    public void Start() => _clients = [.. Enumerable.Range(0, Clients).Select(number => Task.Run(() => CallOnAndOnAsync(number)))];

    public int Count(Func<TrueAnswer, bool> condition) => _records.Count(condition);

    /// <summary>Lets the running calls end and gives all records.</summary>
    public async Task<IReadOnlyList<TrueAnswer>> StopAsync()
    {
        _stopping = true;
        await Task.WhenAll(_clients);
        return [.. _records];
    }

    private async Task CallOnAndOnAsync(int number)
    {
        using var client = new ApiClient(api, key);
        for (var turn = number; !_stopping; turn++)
        {
            var record = turn % 2 == 0 ? await CallAsync(client) : await StreamAsync(client);
            _records.Add(record);
            if (!record.Complete)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, CancellationToken.None); // As a client backs off.
            }
        }
    }

    private static async Task<TrueAnswer> CallAsync(ApiClient client)
    {
        try
        {
            var answer = await client.PostAsync(Prompts.Chat, Prompts.France());
            return answer.Status == System.Net.HttpStatusCode.OK
                ? new TrueAnswer(answer.RequestId, 200, Complete: true, answer.Usage.Completion, answer.Usage)
                : new TrueAnswer(answer.RequestId, (int)answer.Status, Complete: false, 0, null);
        }
        catch (HttpRequestException)
        {
            return new TrueAnswer(Guid.Empty, 0, Complete: false, 0, null);
        }
    }

    private static async Task<TrueAnswer> StreamAsync(ApiClient client)
    {
        EventStream stream;
        try
        {
            stream = await client.StreamAsync(Prompts.Completions, Prompts.Endless(stream: true, tokens: 40));
        }
        catch (HttpRequestException)
        {
            return new TrueAnswer(Guid.Empty, 0, Complete: false, 0, null);
        }
        catch (UnexpectedAnswerException refused)
        {
            return new TrueAnswer(refused.Answer.RequestId, (int)refused.Answer.Status, Complete: false, 0, null);
        }

        using (stream)
        {
            await stream.ReadUntilBrokenAsync();
            return new TrueAnswer(stream.RequestId, 200, stream.Ended, stream.Delivered, stream.Usage);
        }
    }
}
