using Tollgate.Inference.Models;
using Tollgate.Inference.Prompts;

namespace Tollgate.Inference.Tests.Prompts;

public sealed class ChatPromptTests
{
    private const string Loop = "{% for m in messages %}{{ m.role + ': ' + m.content + '\n' }}{% endfor %}";

    [Theory]
    [InlineData(Loop)]
    [InlineData("{# developer #}" + Loop)]
    [InlineData(
        "{% for m in messages %}{% if m.role == 'developer' %}{{ raise_exception('no developer') }}{% endif %}"
        + "{{ m.role + m.content }}{% endfor %}")]
    [InlineData("{% for m in messages %}{% if m.role != 'developer' %}{{ m.role + m.content }}{% endif %}{% endfor %}")]
    public void Encode_reads_a_developers_message_as_the_systems_where_the_template_does_not_know_the_role(string template)
    {
        var chat = TinyChat.Create(template);

        Assert.Equal(
            chat.Encode([new("system", "Be brief."), new("user", "Hi")]), chat.Encode([new("developer", "Be brief."), new("user", "Hi")]));
    }

    [Fact]
    public void Encode_leaves_a_developers_message_to_a_template_that_knows_the_role()
    {
        var chat = TinyChat.Create(
            "{% for m in messages %}{% if m.role == 'developer' %}{{ 'By the developer: ' }}{% endif %}{{ m.content + '\n' }}{% endfor %}");

        Assert.NotEqual(chat.Encode([new("system", "Be brief.")]), chat.Encode([new("developer", "Be brief.")]));
    }

    [Theory]
    [InlineData("{% for m in messages %}{% if m.role != 'system' %}{{ m.content }}{% endif %}{% endfor %}")]
    [InlineData("{% for m in messages %}{% if m.role == 'user' %}{{ m.content }}{% endif %}{% endfor %}")]
    [InlineData("{{ messages[-1].content }}")]
    [InlineData("{{ messages[0].content }}")]
    [InlineData("{% for m in messages %}{% if loop.index0 != 1 %}{{ m.content }}{% endif %}{% endfor %}")]
    [InlineData("Hello.")]
    public void Run_refuses_a_template_that_drops_a_message(string template)
    {
        var refusal = Assert.Throws<ModelImportException>(() => ChatCheck.Run(TinyChat.Create(template)));

        Assert.Contains("drops message", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Loop)]
    [InlineData("{% for m in messages %}{{ m.content | lower | trim }}{% endfor %}")]
    [InlineData("{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}" + Loop)]
    [InlineData(
        "{{ bos_token }}{% if messages[0].role == 'system' %}{% set rest = messages[1:] %}{% set head = messages[0].content + '\n\n' %}"
        + "{% else %}{% set rest = messages %}{% set head = '' %}{% endif %}"
        + "{% for m in rest %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}"
        + "{{ raise_exception('Roles must alternate') }}{% endif %}"
        + "{% if m.role == 'user' %}{{ '[INST] ' + (head if loop.first else '') + m.content + ' [/INST]' }}"
        + "{% else %}{{ m.content + eos_token }}{% endif %}{% endfor %}")]
    [InlineData(
        "{% if messages[0].role != 'system' %}"
        + "{{ '<|im_start|>system\nYou are helpful. Today is ' + strftime_now('%d %B %Y') + '<|im_end|>\n' }}"
        + "{% endif %}{% for m in messages %}{% set text = m.content %}{% if m.role == 'assistant' and '</think>' in text %}"
        + "{% set text = text.split('</think>')[-1].lstrip('\n') %}{% endif %}{{ '<|im_start|>' + m.role + '\n' + text + '<|im_end|>\n' }}"
        + "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}")]
    public void A_template_that_shows_every_message_or_refuses_it_aloud_is_taken(string template)
    {
        var chat = TinyChat.Create(template);

        ChatCheck.Run(chat);

        Assert.Equal(1, ChatMeasurement.Measure(chat, TimeProvider.System).TokensPerByte);
    }

    [Theory]
    [InlineData("{% for m in messages %}{% if m.content %}{{ m.content.nothing.at_all }}{% endif %}{% endfor %}")]
    [InlineData("{% for m in messages %}{{ m.content }}{% if m.role == 'assistant' %}{{ undefined_function() }}{% endif %}{% endfor %}")]
    public void Run_refuses_a_template_that_fails_on_some_message(string template)
    {
        var refusal = Assert.Throws<ModelImportException>(() => ChatCheck.Run(TinyChat.Create(template)));

        Assert.Contains("fails", refusal.Message, StringComparison.Ordinal);
    }
}
