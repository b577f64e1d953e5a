#!/usr/bin/perl
# Reads SPF cases, one JSON object a line, and writes what Mail::SPF says of each, one a line. Text from mail and DNS is
# JSON text whose characters U+0000 to U+00FF stand for octets; so it is here.
use strict;
use warnings;

package Zone;    # what Mail::SPF needs of a Net::DNS::Resolver, answered from the records of a case

use Net::DNS;

use constant MAX_ALIASES => 8;

sub new {
    my ($class, $records) = @_;
    my $self = bless {records => {}, names => {}, failing => {}, error => ''}, $class;
    for (@$records) {
        my ($name, $type, $value) = @$_;
        $self->{names}{$name} = 1;
        next if $type eq 'NONE';
        if (!ref $value && $value eq '!TEMPFAIL') {
            $self->{failing}{"$name $_"} = 1 for $type eq '*' ? qw(A AAAA MX TXT PTR) : ($type);
            next;
        }
        push @{$self->{records}{"$name $type"}}, $value;
    }
    return $self;
}

sub errorstring { return $_[0]{error} }

sub is_askable {
    my ($name) = @_;
    return length $name <= 253 && !grep { $_ eq '' || length $_ > 63 } split /\./, $name, -1;
}

# Net::DNS takes text as in a master file, and characters above U+007F for Unicode.
sub escape {
    my ($text) = @_;
    $text =~ s/([^A-Za-z0-9 ])/sprintf '\\%03d', ord $1/ge;
    return $text;
}

sub make_record {
    my ($owner, $type, $value) = @_;
    my %data =
        $type eq 'TXT' ? (txtdata => [map { escape($_) } @$value])
      : $type eq 'MX'  ? (preference => $value->[0], exchange => $value->[1])
      : $type eq 'PTR' ? (ptrdname => $value)
      :                  (address => $value);
    return Net::DNS::RR->new(owner => $owner, type => $type, %data);
}

sub send {
    my ($self, $name, $type) = @_;
    $self->{error} = '';
    $name = lc $name;
    my $packet = Net::DNS::Packet->new('question.invalid', $type);
    if (!is_askable($name)) {
        $packet->header->rcode('NXDOMAIN');
        return $packet;
    }
    my $owner = $name;
    for (0 .. MAX_ALIASES) {
        if ($self->{failing}{"$name $type"}) {
            $self->{error} = 'query timed out';
            return undef;
        }
        if (my $values = $self->{records}{"$name $type"}) {
            $packet->push(answer => make_record('owner.invalid', $type, $_)) for @$values;
            return $packet;
        }
        my $alias = $self->{records}{"$name CNAME"};
        if (!$alias) {
            my $exists = $self->{names}{$name} || grep { /\.\Q$name\E$/ } keys %{$self->{names}};
            $packet->header->rcode('NXDOMAIN') if !$exists;
            return $packet;
        }
        $name = $alias->[0];
    }
    $packet->header->rcode('SERVFAIL');
    return $packet;
}

package main;

use JSON::PP;
use Mail::SPF;

my $json = JSON::PP->new->ascii->canonical;

sub judge {
    my ($case) = @_;
    my $mail_from = $case->{mail_from};
    my $is_helo = !defined $mail_from || $mail_from eq '';
    my $server = Mail::SPF::Server->new(
        dns_resolver => Zone->new($case->{records}),
        hostname => $case->{receiver},
        default_authority_explanation => 'DEFAULT'
    );
    my $request = Mail::SPF::Request->new(
        versions => [1],
        scope => $is_helo ? 'helo' : 'mfrom',
        identity => $is_helo ? $case->{helo} : $mail_from,
        ip_address => $case->{client},
        helo_identity => $case->{helo}
    );
    my $result = $server->process($request);
    my %answer = (result => $result->code, reason => '' . $result->text, explanation => '');
    $answer{explanation} = '' . $result->authority_explanation if $result->code eq 'fail';
    return \%answer;
}

$| = 1;
while (my $line = <STDIN>) {
    local $SIG{ALRM} = sub { die "time-out\n" };
    alarm 10;
    my $answer = eval { judge($json->decode($line)) };
    my $problem = $@;
    alarm 0;
    my $reason = ref $problem ? ref($problem) . ' ' . eval { $problem->text } : "$problem";
    $answer ||= {result => 'crashed', explanation => '', reason => $reason};
    print $json->encode($answer), "\n";
}
