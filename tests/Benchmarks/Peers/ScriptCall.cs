using StackExchange.Redis;

namespace Tollgate.Benchmarks.Peers;

/// <summary>
/// One call of <c>OneScript.lua</c> over the client that the gateway uses too, with new arguments each time as a real caller has.
/// Thread-safe.
/// </summary>
internal sealed class ScriptCall(IDatabase redis, byte[] hash)
{
    private const string Key = "k:0195d2f04f1b7d6ea3b1c5d7e9f01234";
    private const string Project = "p:0195d2f04f1b7d6ea3b1c5d7e9f05678";
    private const long Limit = 1_000_000_000;
    private const long MinuteMs = 60_000;
    private static readonly RedisKey[] Keys = ["bench:{0195d2f04f1b7d6ea3b1c5d7e9f09abc}"];
    private static readonly string[] Subjects = [Key, Project, "o"];

    /// <summary>Loads the script.</summary>
    public static async Task<ScriptCall> LoadAsync(ConnectionMultiplexer redis)
    {
        using var reader = new StreamReader(typeof(ScriptCall).Assembly.GetManifestResourceStream("OneScript.lua")!);
        var server = redis.GetServer(redis.GetEndPoints()[0]);
        return new ScriptCall(redis.GetDatabase(), await server.ScriptLoadAsync(await reader.ReadToEndAsync()));
    }

    public Task<RedisResult> RunAsync()
    {
        var arguments = new List<RedisValue>(40) { 133_000, 2 * Subjects.Length };
        foreach (var subject in Subjects)
        {
            arguments.AddRange(["b:rm:" + subject, Limit, MinuteMs, 1, "b:tm:" + subject, Limit, MinuteMs, 69]);
        }

        arguments.Add(Subjects.Length);
        arguments.AddRange(Subjects.Select(subject => (RedisValue)("c:" + subject)));
        arguments.AddRange([1, "g:m:" + Key]);
        return redis.ScriptEvaluateAsync(hash, Keys, [.. arguments]);
    }
}
